import assert from 'node:assert/strict';
import { importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

/** A daemon with networks and containers of a test. */
export class Own {
  readonly daemon: TestDaemon;

  private constructor(daemon: TestDaemon) {
    this.daemon = daemon;
  }

  static async open(): Promise<Own> {
    // Many engines share this host, and the usual pools with it.
    const pool = `base=10.${128 + Math.floor(Math.random() * 64)}.0.0/16,size=24`;
    const daemon = await startDaemon({ args: ['--default-address-pool', pool] });
    await importImage(daemon.socket);
    return new Own(daemon);
  }

  /** On a daemon that has its image. */
  static on(daemon: TestDaemon): Own {
    return new Own(daemon);
  }

  /** The message of a call that has to fail. */
  async refusal(method: string, path: string, body?: unknown): Promise<string> {
    const reply = await api(this.daemon.socket, method, path, body);
    assert.ok(reply.status >= 400, `${method} ${path}: ${reply.status}`);
    return (reply.body as { message: string }).message;
  }

  /** A call that has to succeed. */
  async must(method: string, path: string, body?: unknown): Promise<unknown> {
    const reply = await api(this.daemon.socket, method, path, body);
    assert.ok(reply.status < 400, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  async network(Name: string, more: object = {}): Promise<string> {
    return ((await this.must('POST', '/networks/create', { Name, ...more })) as { Id: string }).Id;
  }

  /** Starts a container that sleeps, in networks with the endpoint's settings each; the first is its own. */
  async run(name: string, networks: Record<string, object>, more: Record<string, unknown> = {}): Promise<string> {
    const { HostConfig, ...config } = more;
    const [NetworkMode] = Object.keys(networks);
    const { Id } = (await this.must('POST', `/containers/create?name=${name}`, {
      Image: 'conformance',
      Cmd: ['sleep', '1000'],
      ...config,
      HostConfig: { NetworkMode, ...(HostConfig as object) },
      NetworkingConfig: { EndpointsConfig: networks },
    })) as { Id: string };
    await this.must('POST', `/containers/${name}/start`);
    return Id;
  }

  /** What a shell command in a container prints on its terminal. */
  async sh(name: string, command: string): Promise<string> {
    const exec = { Cmd: ['sh', '-c', command], AttachStdout: true, AttachStderr: true, Tty: true };
    const { Id } = (await this.must('POST', `/containers/${name}/exec`, exec)) as { Id: string };
    const output = await this.must('POST', `/exec/${Id}/start`, { Detach: false, Tty: true });
    return String(output).replaceAll('\r', '');
  }

  async address(name: string, network: string): Promise<string> {
    const { NetworkSettings } = (await this.must('GET', `/v1.50/containers/${name}/json`)) as {
      NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
    };
    return NetworkSettings.Networks[network]!.IPAddress;
  }

  /** The addresses that a name has for a container. */
  async resolve(name: string, wanted: string, type = 'a'): Promise<string[]> {
    const text = await this.sh(name, `nslookup -type=${type} ${wanted}`);
    const answers = text.slice(text.indexOf('answer'));
    return [...answers.matchAll(/^Address: (\S+)$|name = (\S+)$/gm)].map((match) => match[1] ?? match[2]!);
  }

  async reaches(name: string, address: string): Promise<boolean> {
    return (await this.sh(name, `ping -c1 -W1 ${address} >/dev/null && echo yes`)).includes('yes');
  }
}

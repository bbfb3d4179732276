import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { HostConfig } from '#api';
import { detectCgroups } from '../../../src/sys/cgroup.ts';
import { send } from '../../conformance/call.ts';
import { importImage } from '../../conformance/image.ts';
import type { Reply } from '../../harness/api.ts';
import { api } from '../../harness/api.ts';
import type { DaemonOptions, TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

/** An image with a shell; made by every test file for itself. */
export const IMAGE = 'conformance';

export interface State {
  readonly Status: string;
  readonly Pid: number;
  readonly ExitCode: number;
  readonly Error: string;
  readonly OOMKilled: boolean;
  readonly StartedAt: string;
  readonly Health?: { readonly Status: string; readonly FailingStreak: number };
}

export interface Inspected {
  readonly Id: string;
  readonly State: State;
  readonly HostConfig: HostConfig;
  readonly Mounts: readonly Readonly<Record<string, unknown>>[];
}

export interface Event {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly Attributes: Record<string, string> };
}

/** A gantryd of its own with an image, and the calls that tests make. */
export class Engine {
  readonly daemon: TestDaemon;

  private constructor(daemon: TestDaemon) {
    this.daemon = daemon;
  }

  static async open(options: DaemonOptions = {}): Promise<Engine> {
    const daemon = await startDaemon(options);
    await importImage(daemon.socket);
    return new Engine(daemon);
  }

  call(method: string, path: string, body?: unknown): Promise<Reply> {
    return api(this.daemon.socket, method, `/v1.50${path}`, body);
  }

  /** The call, which has to be answered with this status. */
  async expect(status: number, method: string, path: string, body?: unknown): Promise<unknown> {
    const reply = await this.call(method, path, body);
    assert.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  async create(name: string, Cmd: readonly string[], host: object = {}, config: object = {}): Promise<string> {
    const HostConfig = { NetworkMode: 'none', ...host };
    const body = await this.expect(201, 'POST', `/containers/create?name=${name}`, {
      Image: IMAGE,
      Cmd,
      HostConfig,
      ...config,
    });
    return (body as { Id: string }).Id;
  }

  async run(name: string, Cmd: readonly string[], host: object = {}, config: object = {}): Promise<string> {
    const id = await this.create(name, Cmd, host, config);
    await this.expect(204, 'POST', `/containers/${name}/start`);
    return id;
  }

  async wait(name: string, condition = 'not-running'): Promise<number> {
    const body = await this.expect(200, 'POST', `/containers/${name}/wait?condition=${condition}`);
    return (body as { StatusCode: number }).StatusCode;
  }

  async state(name: string): Promise<State> {
    return (await this.inspect(name)).State;
  }

  async inspect(name: string): Promise<Inspected> {
    return (await this.expect(200, 'GET', `/containers/${name}/json`)) as Inspected;
  }

  /** Runs a shell's script to its end and removes the container; gives what it wrote. */
  async output(script: string, host: object = {}, config: object = {}): Promise<string> {
    await this.run('output', ['sh', '-c', script], host, config);
    await this.wait('output');
    const text = await this.logs('output');
    await this.remove('output');
    return text;
  }

  async logs(name: string): Promise<string> {
    return await this.#read('GET', `/containers/${name}/logs?stdout=1&stderr=1`);
  }

  /** What a shell's script writes in a running container. */
  async exec(name: string, script: string): Promise<string> {
    const body = { Cmd: ['sh', '-c', script], AttachStdout: true, AttachStderr: true };
    const { Id } = (await this.expect(201, 'POST', `/containers/${name}/exec`, body)) as { Id: string };
    return await this.#read('POST', `/exec/${Id}/start`, {});
  }

  async remove(name: string): Promise<void> {
    await this.expect(204, 'DELETE', `/containers/${name}?force=1&v=1`);
  }

  async #read(method: string, path: string, body?: unknown): Promise<string> {
    const { body: frames } = await send(this.daemon.socket, { method, path: `/v1.50${path}`, body }, new Map());
    return Array.isArray(frames) ? frames.map(({ text }) => text).join('') : String(frames);
  }

  /** What a file of the container's own v1 cgroup holds. */
  async limit(name: string, controller: string, file: string): Promise<string> {
    const { Pid } = await this.state(name);
    const own = readFileSync(`/proc/${Pid}/cgroup`, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([, names]) => names!.split(',').includes(controller));
    const { hierarchies } = detectCgroups();
    const root = hierarchies.find(({ controllers }) => controllers.includes(controller))!.mountpoint;
    return readFileSync(`${root}${own![2]}/${file}`, 'utf8').trim();
  }

  /** The actions of a container's events so far, those of its networks and volumes included. */
  async events(id: string): Promise<string[]> {
    const until = Math.ceil(Date.now() / 1000) + 1;
    const text = String(await this.expect(200, 'GET', `/events?since=1&until=${until}`));
    return text
      .split('\n')
      .filter((line) => line.includes(id))
      .map((line) => JSON.parse(line) as Event)
      .map(({ Type, Action }) => (Type === 'container' ? Action : `${Type} ${Action}`));
  }

  /** The monitor of a container, found by its arguments; 0 when it has none. */
  monitorOf(id: string): number {
    const isIts = (pid: string) => {
      const words = commandOf(pid);
      return words.includes('--monitor') && words.includes(id) && words.includes(this.daemon.execRoot);
    };
    return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && isIts(name)) ?? 0);
  }

  async destroy(): Promise<void> {
    await this.daemon.destroy();
  }
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Waits until it holds, at most ten seconds. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + 10_000;
  while (!(await holds())) {
    assert.ok(Date.now() < last, what);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

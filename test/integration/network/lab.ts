import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const HERE = import.meta.dirname;

/**
 * A host with two neighbours, each a network namespace of its own: `left` (10.91.1.2) and `right` (10.91.2.2), to which
 * the host is 10.91.1.1 and 10.91.2.1. Both route everything through the host.
 */
export class Lab implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  readonly #tag = `gl${process.pid.toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`;
  readonly #children: ChildProcess[] = [];

  constructor() {
    for (const place of ['host', 'left', 'right'] as const) {
      execFileSync('ip', ['netns', 'add', this.name(place)]);
      this.run(place, 'ip', 'link', 'set', 'lo', 'up');
    }
    // A new namespace takes over what the machine has.
    this.run('host', 'sysctl', '-qw', 'net.ipv4.ip_forward=0');
    for (const [index, place] of (['left', 'right'] as const).entries()) {
      const net = `10.91.${index + 1}`;
      this.run('host', 'ip', 'link', 'add', place, 'type', 'veth', 'peer', 'name', 'up0', 'netns', this.name(place));
      this.run('host', 'ip', 'addr', 'add', `${net}.1/24`, 'dev', place);
      this.run('host', 'ip', 'link', 'set', place, 'up');
      this.run(place, 'ip', 'addr', 'add', `${net}.2/24`, 'dev', 'up0');
      this.run(place, 'ip', 'link', 'set', 'up0', 'up');
      this.run(place, 'ip', 'route', 'add', 'default', 'via', `${net}.1`);
    }
  }

  name(place: Place): string {
    return `${this.#tag}-${place}`;
  }

  /** Runs a command in a namespace; its standard output, or an error with what it said. */
  run(place: Place, ...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name(place), ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** What a server at this place is answered: who it saw asking; `undefined` when nobody answers in time. */
  async ask(from: Place | Box, protocol: 'tcp' | 'udp', address: string, port: number): Promise<string | undefined> {
    const child = this.#spawn(this.#enter(from), ['client', protocol, address, String(port)]);
    let answer = '';
    child.stdout!.on('data', (bytes: Buffer) => (answer += bytes));
    await once(child, 'exit');
    return answer === '' ? undefined : answer;
  }

  /** Serves a port at a place: each client is told its own address and the server's name. */
  async serve(at: Place | Box, protocol: 'tcp' | 'udp', port: number, name: string): Promise<void> {
    const child = this.#spawn(this.#enter(at), ['server', protocol, String(port), name]);
    await once(child.stdout!, 'data');
  }

  /** A container's namespace: a process that sleeps in one of its own. */
  async box(): Promise<Box> {
    const child = spawn('unshare', ['-n', 'sh', '-c', 'echo; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    await once(child.stdout!, 'data');
    return { pid: child.pid!, kill: () => child.kill('SIGKILL') };
  }

  /** An engine's Networks, in a process of its own in the host's namespace. */
  async engine(config: object = {}, mark = '1ab000'): Promise<Engine> {
    const args = [
      'netns',
      'exec',
      this.name('host'),
      process.execPath,
      '--no-warnings',
      join(HERE, 'engine-process.ts'),
    ];
    const child = spawn('ip', [...args, join(this.folder, `${mark}.db`), mark, JSON.stringify(config)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return new Engine(child, `gantry-${mark}`, `gantry_${mark}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(this.#children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    for (const place of ['host', 'left', 'right'] as const) execFileSync('ip', ['netns', 'delete', this.name(place)]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #enter(at: Place | Box): string[] {
    return typeof at === 'string' ? ['ip', 'netns', 'exec', this.name(at)] : ['nsenter', '-n', '-t', String(at.pid)];
  }

  #spawn([program, ...enter]: string[], args: string[]): ChildProcess {
    const child = spawn(program!, [...enter, process.execPath, '--no-warnings', join(HERE, 'peer.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return child;
  }
}

export type Place = 'host' | 'left' | 'right';

export interface Box {
  pid: number;
  kill(): boolean;
}

/** Calls methods of a Networks that lives in another process. */
export class Engine {
  readonly bridge: string;
  readonly table: string;
  readonly logs: string[] = [];
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 1;

  constructor(child: ChildProcess, bridge: string, table: string) {
    this.#child = child;
    this.bridge = bridge;
    this.table = table;
    createInterface(child.stdout!).on('line', (line) => this.#hear(line));
    child.on('exit', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('the engine is gone'));
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape depends on the method
  call(method: string, ...args: unknown[]): Promise<any> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, answer);
    this.#child.stdin!.write(`${JSON.stringify({ id, method, args })}\n`);
    return answer.promise;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  recover(live: [string, number][] = []): Promise<void> {
    return this.call('recover', live);
  }

  /** Reserves and attaches a container; `ports` as on the command line: `[ip:]host:port/protocol`. Returns its address. */
  async start(id: string, box: Box, ports: string[] = []): Promise<string> {
    await this.call('reserve', fullId(id), ports);
    await this.call('attach', fullId(id), box.pid);
    return (await this.call('settings', fullId(id))).IPAddress;
  }

  async stop(id: string, box: Box): Promise<void> {
    box.kill();
    await this.call('detach', fullId(id));
    await this.call('release', fullId(id));
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #hear(line: string): void {
    const { id, result, error, log } = JSON.parse(line);
    if (log) {
      this.logs.push(log);
      return;
    }
    const answer = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) answer?.reject(new Error(error));
    else answer?.resolve(result);
  }
}

/** A 64-digit id that begins with these hex digits. */
export const fullId = (id: string): string => id.padEnd(64, '0');

/** Tries until it holds, for at most this long. */
export async function eventually(check: () => unknown, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    if (await check()) return;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ContainerConfig, HostConfig } from '#api';
import { nullLog } from '#log';
import type { ExitRecord, PortSocket, Prepared, PrepareRequest, Started } from '#runtime';
import { buildSpec, detectSpecHost, findDevices, Runtime, SeccompCompiler } from '#runtime';
import { zero } from '#schema';
import { DEFAULTS } from '../../../src/runtime/spec/testing.ts';
import { makeRootfs } from './rootfs.ts';

const MARK = 't0mon';
const NATIVE = fileURLToPath(new URL('../../../build/native/', import.meta.url));
const compiler = new SeccompCompiler((error) => {
  throw error;
});

export interface Wish {
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly log?: { maxSize?: number; maxFile?: number; attributes?: Record<string, string> } | null;
  readonly netns?: PrepareRequest['netns'];
  readonly hostConfig?: Partial<HostConfig>;
  readonly sockets?: readonly PortSocket[];
  readonly args?: readonly string[];
}

/** An exec root of its own with a rootfs of busybox, and the door of the runtime as a daemon would use it. */
export class Machine implements AsyncDisposable {
  readonly directory: string;
  readonly ids: string[] = [];
  runtime!: Runtime;
  readonly #exits = new Map<string, PromiseWithResolvers<ExitRecord>>();
  readonly execExits = new Map<string, number>();
  readonly ooms: string[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(prefix = 'gantry-runtime-'): Promise<Machine> {
    const machine = new Machine(mkdtempSync(join(tmpdir(), prefix)));
    makeRootfs(`${machine.directory}/base`, 'root:x:0:0::/root:/bin/sh\n');
    await machine.boot();
    return machine;
  }

  /** Starts a fresh daemon side on the same exec root; `GANTRY_MONITOR` names another build of the monitor. */
  async boot(): Promise<void> {
    const monitor = process.env.GANTRY_MONITOR ?? `${NATIVE}gantry-monitor`;
    this.runtime = await Runtime.open({ execRoot: this.execRoot, mark: MARK, log: nullLog, monitor });
    this.runtime.onExit((id, record) => this.#exit(id).resolve(record));
    this.runtime.onExecExit((_id, exec, code) => this.execExits.set(exec, code));
    this.runtime.onOom((id) => this.ooms.push(id));
  }

  get execRoot(): string {
    return `${this.directory}/exec`;
  }

  monitorPid(id: string): number {
    return JSON.parse(readFileSync(`${this.execRoot}/monitors/${id}/run.json`, 'utf8')).monitor.pid;
  }

  logPath(id: string): string {
    return `${this.directory}/logs/${id}-json.log`;
  }

  log(id: string): { log: string; stream: string; time: string }[] {
    const lines = readFileSync(this.logPath(id), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  text(id: string, stream = 'stdout'): string {
    return this.log(id)
      .filter((entry) => entry.stream === stream)
      .map((entry) => entry.log)
      .join('');
  }

  async prepare(id: string, wish: Wish = {}): Promise<Prepared> {
    const { cgroup } = this.#spec(id, ['true'], wish);
    this.ids.push(id);
    this.#exits.delete(id);
    mkdirSync(`${this.directory}/logs`, { recursive: true });
    const { maxSize = 0, maxFile = 1, attributes } = wish.log ?? {};
    return await this.runtime.prepare({
      id,
      runtime: '',
      rootfs: this.#rootfs(id),
      netns: wish.netns ?? 'new',
      cgroup,
      log:
        wish.log === null ? null : { path: this.logPath(id), maxSize, maxFile, ...(attributes ? { attributes } : {}) },
      tty: wish.tty ?? false,
      openStdin: wish.stdin ?? false,
      stdinOnce: wish.stdin ?? false,
    });
  }

  start(id: string, command: string, wish: Wish = {}): Promise<Started> {
    const { spec } = this.#spec(id, wish.args ?? ['sh', '-c', command], wish);
    return this.runtime.start(id, { spec, sockets: wish.sockets ?? [] });
  }

  async run(id: string, command: string, wish: Wish = {}): Promise<ExitRecord> {
    await this.prepare(id, wish);
    await this.start(id, command, wish);
    return this.exit(id);
  }

  exit(id: string): Promise<ExitRecord> {
    return this.#exit(id).promise;
  }

  /** Kills the spawner and drops all connections, as a daemon that dies does. */
  async crash(): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.ids) await this.runtime.discard(id);
    await this.runtime[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
    for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
      const parent = `/sys/fs/cgroup/${line.split(':')[1]!.replace('name=', '')}/gantry-${MARK}`;
      if (existsSync(parent)) execFileSync('sh', ['-c', `rmdir ${parent} 2>/dev/null; true`]);
    }
  }

  #exit(id: string): PromiseWithResolvers<ExitRecord> {
    const existing = this.#exits.get(id);
    if (existing) return existing;
    const fresh = Promise.withResolvers<ExitRecord>();
    this.#exits.set(id, fresh);
    return fresh;
  }

  #spec(id: string, args: readonly string[], { tty = false, hostConfig = {}, netns = 'new' }: Wish) {
    return buildSpec({
      id,
      suffix: `-${MARK}`,
      config: { ...zero(ContainerConfig), Hostname: 'box', Tty: tty, Cmd: [...args], Env: ['PATH=/bin'] },
      hostConfig: { ...zero(HostConfig), ...hostConfig },
      accounts: { passwd: 'root:x:0:0::/root:/bin/sh\n', group: 'root:x:0:\n' },
      rootfs: this.runtime.rootfs(id),
      mounts: [],
      files: {},
      namespaces: { network: netns === 'host' ? 'host' : 'inherited' },
      devices: findDevices,
      cdi: () => undefined,
      compileSeccomp: (profile) => compiler.compile(profile),
      runtime: { name: 'crun', disablesCgroups: true },
      defaults: DEFAULTS,
      host: detectSpecHost(),
    });
  }

  #rootfs(id: string): PrepareRequest['rootfs'] {
    for (const name of ['upper', 'work']) mkdirSync(`${this.directory}/${id}/${name}`, { recursive: true });
    const options = ['lowerdir=base', `upperdir=${id}/upper`, `workdir=${id}/work`, 'userxattr'];
    return { cwd: this.directory, mounts: [{ type: 'overlay', source: 'overlay', target: '', options }] };
  }
}

/** Waits, five seconds at most, until it is so. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('it did not come to pass');
    await sleep(10);
  }
}

/** All that a stream gives until it ends. */
export async function collect(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Joins the payloads of Docker's frames of one kind. */
export function payload(frames: Buffer, kind: 1 | 2): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < frames.length; ) {
    const size = frames.readUInt32BE(at + 4);
    if (frames[at] === kind) parts.push(frames.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(parts);
}

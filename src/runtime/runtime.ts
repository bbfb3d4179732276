import { mkdirSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Log } from '#log';
import { isErrno } from '#sys';
import { freeze, thaw } from './cgroup/freeze.ts';
import type { RuntimeContext } from './context.ts';
import { findRun, placePath, rootfsPath, shmPath, usersPath } from './context.ts';
import { discard } from './discard.ts';
import type { ExecRequest, PrepareExecRequest } from './exec.ts';
import { exec, forgetExec, prepareExec } from './exec.ts';
import type { InnerSocket } from './hold.ts';
import { hold } from './hold.ts';
import type { RuntimeInfo, RuntimeSetting } from './info.ts';
import { assertDefault, findRuntimes, readVersion } from './info.ts';
import type { Attached, Streams } from './monitor/attach.ts';
import { attachTo } from './monitor/attach.ts';
import { copyOf } from './monitor/copy.ts';
import { Spawner } from './monitor/spawner.ts';
import type { Observed } from './observe.ts';
import { observe } from './observe.ts';
import type { Prepared, PrepareRequest } from './prepare.ts';
import { prepare } from './prepare.ts';
import type { ExitRecord, Started } from './records.ts';
import { placeInScope } from './scope.ts';
import { killContainer, signal } from './signal.ts';
import type { StartRequest } from './start.ts';
import { start } from './start.ts';
import type { Sample } from './stats/sample.ts';
import { Sampler } from './stats/sampler.ts';
import type { ProcessTable } from './top.ts';
import { listProcesses } from './top.ts';
import type { LimitChange } from './update.ts';
import { updateLimits } from './update.ts';

const RESIZE_MS = 5_000;
const MONITOR = fileURLToPath(new URL('../../build/native/gantry-monitor', import.meta.url));

export interface RuntimeOptions {
  readonly execRoot: string;
  /** '' for the default engine. */
  readonly mark: string;
  /** As in daemon.json; installed ones need no entry. */
  readonly runtimes?: Readonly<Record<string, RuntimeSetting>>;
  readonly defaultRuntime?: string;
  readonly log: Log;
  /** Path of `gantry-monitor`. */
  readonly monitor?: string;
  /** The folder of copies that monitors run from; absent: the original is run. */
  readonly copies?: string;
}

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** The containers of one exec root as processes: every effect on them goes through here. */
export class Runtime implements AsyncDisposable {
  readonly #context: RuntimeContext;
  readonly #exits: ((id: string, exit: ExitRecord) => void)[] = [];
  readonly #execExits: ((id: string, execId: string, exitCode: number) => void)[] = [];
  readonly #sampler = new Sampler();
  readonly #ooms: ((id: string) => void)[] = [];

  private constructor(context: Omit<RuntimeContext, 'runs' | 'listeners'>) {
    const listeners = {
      exit: (id: string, record: ExitRecord) => {
        for (const tell of this.#exits) tell(id, record);
      },
      execExit: (id: string, execId: string, code: number) => this.#execExit(id, execId, code),
      oom: (id: string) => {
        for (const tell of this.#ooms) tell(id);
      },
    };
    this.#context = { ...context, runs: new Map(), listeners };
  }

  /** Starts the spawner. Containers of an earlier daemon are taken up by {@link observe}. */
  static async open(options: RuntimeOptions): Promise<Runtime> {
    const { execRoot, mark, runtimes: given = {}, defaultRuntime = 'crun', log, monitor = MONITOR, copies } = options;
    mkdirSync(`${execRoot}/monitors`, { recursive: true, mode: 0o711 });
    const runtimes = findRuntimes(given, execRoot);
    assertDefault(runtimes, defaultRuntime);
    const suffix = mark && `-${mark}`;
    const place = (pid: number) => placeInScope(pid, suffix);
    const binary = copies === undefined ? monitor : copyOf(monitor, copies);
    const spawner = await Spawner.open({ binary, execRoot, log, place });
    return new Runtime({
      ...(copies === undefined ? {} : { copy: binary }),
      execRoot,
      spawner,
      runtimes,
      defaultRuntime,
      log,
    });
  }

  /** Exchanges the runtimes on offer; throws when the default one cannot be executed, and nothing has changed then. */
  configure(given: Readonly<Record<string, RuntimeSetting>>, defaultRuntime: string): void {
    const runtimes = findRuntimes(given, this.#context.execRoot);
    assertDefault(runtimes, defaultRuntime);
    Object.assign(this.#context, { runtimes, defaultRuntime });
  }

  /** The runtimes on offer, by name. */
  runtimePaths(): ReadonlyMap<string, string> {
    return new Map([...this.#context.runtimes].map(([name, { path }]) => [name, path]));
  }

  prepare(request: PrepareRequest): Promise<Prepared> {
    return prepare(this.#context, request);
  }

  start(id: string, request: StartRequest): Promise<Started> {
    return start(this.#context, id, request);
  }

  hold(id: string, sockets: readonly InnerSocket[]): Promise<number[]> {
    return hold(this.#context, id, sockets);
  }

  discard(id: string): Promise<void> {
    return discard(this.#context, id);
  }

  signal(id: string, signo: number): void {
    signal(this.#context, id, signo);
  }

  killAll(id: string): Promise<void> {
    return killContainer(this.#context, id);
  }

  pause(id: string): Promise<void> {
    return freeze(findRun(this.#context, id).record.cgroup);
  }

  async resume(id: string): Promise<void> {
    thaw(findRun(this.#context, id).record.cgroup);
  }

  /** Throws and leaves the old limits when the kernel refuses one. */
  update(id: string, change: LimitChange): Promise<void> {
    return updateLimits(this.#context, id, change);
  }

  /** The counters of a container; its own interfaces are among them unless it has none. */
  sample(id: string, { hasNetwork }: { hasNetwork: boolean }): Promise<Sample> {
    const { record, started } = findRun(this.#context, id);
    const { version, directories } = record.cgroup;
    return this.#sampler.sample({ version, directories, networkOf: hasNetwork ? started?.pid : undefined });
  }

  top(id: string, words: readonly string[]): Promise<ProcessTable> {
    return listProcesses(this.#context, id, words);
  }

  /** A container that has ended gives an ended stream. */
  attach(id: string, streams: Streams): Promise<Attached> {
    return this.#attach(id, '', streams);
  }

  /** To be called before {@link exec}, or output may be missed. */
  attachExec(id: string, execId: string, streams: Streams): Promise<Attached> {
    return this.#attach(id, execId, streams);
  }

  /** Before the terminal is there its size is remembered. */
  async resize(id: string, size: Size): Promise<void> {
    await this.#resize(id, '', size);
  }

  async resizeExec(id: string, execId: string, size: Size): Promise<void> {
    await this.#resize(id, execId, size);
  }

  prepareExec(id: string, request: PrepareExecRequest): void {
    prepareExec(this.#context, id, request);
  }

  exec(id: string, request: ExecRequest): Promise<{ pid: number }> {
    return exec(this.#context, id, request);
  }

  /** Told once per life, after the exit record is written. */
  onExit(tell: (id: string, exit: ExitRecord) => void): void {
    this.#exits.push(tell);
  }

  onExecExit(tell: (id: string, execId: string, exitCode: number) => void): void {
    this.#execExits.push(tell);
  }

  /** The kernel ran out of the container's memory; it may have killed a process. */
  onOom(tell: (id: string) => void): void {
    this.#ooms.push(tell);
  }

  observe(): Promise<Observed[]> {
    return observe(this.#context);
  }

  /** Where a container's root file system is, for its spec. */
  rootfs(id: string): string {
    return rootfsPath(this.#context.execRoot, id);
  }

  /** Where the shared memory of a container is that was prepared with a `shmSize`. */
  shm(id: string): string {
    return shmPath(this.#context.execRoot, id);
  }

  /** Where a container's runtime finds the user namespace of {@link PrepareRequest.userns}. */
  users(id: string): string {
    return usersPath(this.#context.execRoot, id);
  }

  /** Where a container's runtime finds the n-th of its `placed` mounts. */
  place(id: string, n: number): string {
    return placePath(this.#context.execRoot, id, n);
  }

  async info(): Promise<RuntimeInfo> {
    const { runtimes, defaultRuntime } = this.#context;
    const { version, commit } = await readVersion(runtimes.get(defaultRuntime)!);
    const listed = [...runtimes.values()].map(({ name, path, args }) => [name, { path, args }] as const);
    return { defaultRuntime, runtimes: Object.fromEntries(listed), version, commit };
  }

  /** Lets go of everything; running containers live on, prepared ones end. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#context.runs.values()) {
      run.discarded = true;
      run.link?.close();
    }
    this.#sampler.close();
    await this.#context.spawner[Symbol.asyncDispose]();
  }

  async #attach(id: string, execId: string, streams: Streams): Promise<Attached> {
    const { directory } = findRun(this.#context, id);
    try {
      return await attachTo(directory, execId, streams);
    } catch (error) {
      // Reset: it left while we were in its queue.
      if (!isErrno(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE')) throw error;
      return new PassThrough().end();
    }
  }

  async #resize(id: string, execId: string, { height, width }: Size): Promise<void> {
    await findRun(this.#context, id).link?.request('resize', [execId, height, width], RESIZE_MS);
  }

  #execExit(id: string, execId: string, exitCode: number): void {
    for (const tell of this.#execExits) tell(id, execId, exitCode);
    const run = this.#context.runs.get(id);
    if (!run) return;
    try {
      forgetExec(run.directory, execId);
    } catch (error) {
      this.#context.log.warn('files of an exec left', { container: id, exec: execId, error });
    }
  }
}

import type { Readable } from 'node:stream';
import type {
  ContainerJSON,
  ContainerPruneReport,
  ContainerStats,
  ContainerSummary,
  CreateRequest,
  CreateResponse,
  ExecConfig,
  ExecInspect,
  ExecStartRequest,
  FilesystemChange,
  Filters,
  NetworkConnectRequest,
  NetworkDisconnectRequest,
  PathStat,
  TopResponse,
  UpdateConfig,
  WaitCondition,
  WaitResponse,
  WhyReport,
} from '#api';
import { KeyedMutex } from '#async';
import { invalid, isKind, notFound } from '#errdefs';
import { tagTarget } from '#oci';
import type { AttachOptions } from './attach.ts';
import { attach } from './attach.ts';
import type { CommitOptions } from './commit.ts';
import { commit } from './commit.ts';
import { connect } from './connect.ts';
import type { Context } from './context.ts';
import type { CreateOptions } from './create.ts';
import { create } from './create.ts';
import type { Deps, Size } from './deps.ts';
import { disconnect } from './disconnect.ts';
import { createExec } from './exec/create.ts';
import { execEnded, resizeExec } from './exec/end.ts';
import { Execs } from './exec/execs.ts';
import { inspectExec } from './exec/inspect.ts';
import { startDetached, startExec } from './exec/start.ts';
import { settleExit } from './exit.ts';
import { changes } from './files/changes.ts';
import type { CopyInOptions } from './files/copy-in.ts';
import { copyIn } from './files/copy-in.ts';
import type { CopyOutOptions } from './files/copy-out.ts';
import { copyOut } from './files/copy-out.ts';
import { exportContainer } from './files/export.ts';
import { statPath } from './files/stat.ts';
import { HealthChecks } from './health-checks.ts';
import { inspect } from './inspect.ts';
import { kill, prefixed } from './kill.ts';
import type { ListOptions } from './list.ts';
import { list } from './list.ts';
import type { LogsOptions } from './logs.ts';
import { logs } from './logs.ts';
import { outOfMemory } from './oom.ts';
import { pause } from './pause.ts';
import { prune } from './prune.ts';
import { assertPsWords } from './ps-output.ts';
import { RecentReads } from './recent-reads.ts';
import type { Container } from './record.ts';
import { recover } from './recovery.ts';
import { removeByUser } from './remove-by-user.ts';
import { rename } from './rename.ts';
import { resize } from './resize.ts';
import { restart } from './restart.ts';
import { Restarts } from './restarts.ts';
import { Sandboxes } from './sandbox.ts';
import type { Session } from './session.ts';
import { start } from './start.ts';
import type { StatsOptions } from './stats.ts';
import { stats } from './stats.ts';
import { StatsFeeds } from './stats-feeds.ts';
import { stop } from './stop.ts';
import { stopAll } from './stop-all.ts';
import { ContainerRows } from './store.ts';
import { top } from './top.ts';
import { unpause } from './unpause.ts';
import { checkUpdate, update } from './update.ts';
import { parseCondition, Waiters } from './wait.ts';
import { why } from './why/why.ts';

/** How often what the records say is compared with what the machine says. */
const RECONCILE_MS = 30_000;

/** What `read` gives; an error gets words in front. */
function explained<T>(words: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw prefixed(error, words);
  }
}

type CommitNames = { readonly repo: string; readonly tag: string };

type StopRequest = { readonly signal: string | undefined; readonly timeout: number | undefined };

/** The verbs on containers. Those that change one run alone on it: resolve the name, take the lock, read the record, run. */
export class Containers {
  readonly #context: Context;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: Deps) {
    const context = (): Context => this.#context;
    const rows = new ContainerRows(deps.store);
    this.#context = {
      ...deps,
      rows,
      recent: new RecentReads(rows, () => deps.store.changes),
      locks: new KeyedMutex(),
      waiters: new Waiters(),
      sandboxes: new Sandboxes(context),
      restarts: new Restarts(context),
      execs: new Execs(),
      health: new HealthChecks(context),
      stats: new StatsFeeds(context),
      starting: new Map(),
      cleanups: new Map(),
      missing: new Set(),
      unborn: new Set(),
    };
    deps.runtime.onExit((id, exit) => settleExit(this.#context, id, exit));
    deps.runtime.onExecExit((id, execId, exitCode) => execEnded(this.#context, { containerId: id, execId, exitCode }));
    deps.runtime.onOom((id) => outOfMemory(this.#context, id));
  }

  /** Brings records and machine together after a start of the daemon; then again every half minute. */
  async recover(): Promise<void> {
    await recover(this.#context, { isFirst: true });
    this.#timer = setInterval(() => {
      recover(this.#context, { isFirst: false }).catch((error) =>
        this.#context.log.error('containers not reconciled', { error }),
      );
    }, RECONCILE_MS).unref();
  }

  /** Ends timers and probes. Containers live on. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#context.restarts.stop();
    this.#context.health.stop();
    this.#context.execs.stop();
    this.#context.sandboxes.stop();
    this.#context.stats.stop();
  }

  /** Stops all that runs because the host goes down. */
  async stopAll(): Promise<void> {
    await stopAll(this.#context);
  }

  /** Waits until what ended lives left behind is taken away. */
  async settled(): Promise<void> {
    while (this.#context.cleanups.size > 0) await Promise.all(this.#context.cleanups.values());
  }

  async create(request: CreateRequest, options: CreateOptions): Promise<CreateResponse> {
    return await create(this.#context, request, options);
  }

  async list(options: ListOptions): Promise<ContainerSummary[]> {
    return await list(this.#context, options);
  }

  async inspect(name: string, options: { size: boolean }): Promise<ContainerJSON> {
    return await inspect(this.#context, this.#context.recent.read(name), options);
  }

  async why(name: string): Promise<WhyReport> {
    return await why(this.#context, this.#read(name));
  }

  async start(name: string, _options?: { detachKeys: Uint8Array | undefined }): Promise<void> {
    const turn = await this.#context.locks.lock(this.#read(name).id);
    try {
      const record = await start(this.#context, this.#read(name));
      // The answer goes out in this turn of the loop, and no request is read before the next one.
      setImmediate(() => {
        record()
          // Logged and told to those who wait.
          .catch(() => undefined)
          .finally(() => turn[Symbol.dispose]());
      });
    } catch (error) {
      turn[Symbol.dispose]();
      throw error;
    }
  }

  async stop(name: string, options: StopRequest): Promise<void> {
    await this.#alone(name, (container) => stop(this.#context, container, { ...options, reference: name }));
  }

  async restart(name: string, options: StopRequest): Promise<void> {
    await this.#alone(name, (container) => restart(this.#context, container, { ...options, reference: name }));
  }

  /** Not in turn: a kill must reach a container whose stop waits. */
  async kill(name: string, signal: string | undefined): Promise<void> {
    const container = explained(`cannot kill container: ${name}: `, () => this.#read(name));
    await kill(this.#context, container, { reference: name, signal });
  }

  async pause(name: string): Promise<void> {
    await this.#alone(name, (container) => pause(this.#context, container));
  }

  async unpause(name: string): Promise<void> {
    await this.#alone(name, (container) => unpause(this.#context, container));
  }

  async update(name: string, config: UpdateConfig): Promise<{ Warnings: string[] | null }> {
    const { resources, warnings } = checkUpdate(this.#context, config);
    const change = { resources, policy: config.RestartPolicy };
    await this.#alone(name, (container) => update(this.#context, container, change));
    return { Warnings: warnings.length > 0 ? [...warnings] : null };
  }

  /** Nothing is looked at before the first answer is asked for. */
  stats(name: string, options: StatsOptions): AsyncIterable<ContainerStats> {
    return stats(this.#context, this.#read(name), options);
  }

  /** Docker: the words are judged before it is looked whether there is such a container. */
  async top(name: string, psArgs: string): Promise<TopResponse> {
    const words = psArgs || '-ef';
    assertPsWords(words);
    return await top(this.#context, this.#read(name), words);
  }

  async rename(name: string, to: string): Promise<void> {
    await this.#alone(name, (container) => rename(this.#context, container, to));
  }

  async connect(network: string, { Container, EndpointConfig }: NetworkConnectRequest): Promise<void> {
    const connection = { network, settings: EndpointConfig ?? {} };
    await this.#alone(Container, (container) => connect(this.#context, container, connection));
  }

  async disconnect(network: string, { Container, Force }: NetworkDisconnectRequest): Promise<void> {
    try {
      await this.#alone(Container, (container) => disconnect(this.#context, container, network));
    } catch (error) {
      if (!Force || !isKind(error, 'not-found') || this.#isThere(Container)) throw error;
      throw notFound(`endpoint ${Container} not found`);
    }
  }

  /** Registers at the call; the signal says that the client has gone. */
  wait(
    name: string,
    condition: WaitCondition | '',
    { signal }: { signal: AbortSignal },
  ): { result: Promise<WaitResponse> } {
    return { result: this.#context.waiters.wait(this.#read(name), parseCondition(condition), signal) };
  }

  async remove(name: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void> {
    const container = this.#read(name);
    await removeByUser(this.#context, container, { ...options, reference: name });
  }

  async prune(filters: Filters): Promise<ContainerPruneReport> {
    return await prune(this.#context, filters);
  }

  async logs(name: string, options: LogsOptions): Promise<{ tty: boolean; body: AsyncIterable<Uint8Array> }> {
    const container = this.#read(name);
    return { tty: container.spec.config.Tty, body: logs(this.#context, container, options) };
  }

  async attach(name: string, options: Omit<AttachOptions, 'reference'>): Promise<{ tty: boolean; stream: Session }> {
    const container = this.#read(name);
    const stream = await attach(this.#context, container, { ...options, reference: name });
    return { tty: container.spec.config.Tty, stream };
  }

  async statPath(name: string, path: string): Promise<PathStat> {
    return await statPath(this.#context, this.#read(name), { path, reference: name });
  }

  async copyOut(name: string, options: Omit<CopyOutOptions, 'reference'>): Promise<{ stat: PathStat; body: Readable }> {
    return await copyOut(this.#context, this.#read(name), { ...options, reference: name });
  }

  async copyIn(name: string, body: Readable, options: Omit<CopyInOptions, 'reference'>): Promise<void> {
    await copyIn(this.#context, this.#read(name), body, { ...options, reference: name });
  }

  async export(name: string, { signal }: { signal: AbortSignal }): Promise<Readable> {
    return await exportContainer(this.#context, this.#read(name), signal);
  }

  async commit(name: string, { repo, tag, ...options }: CommitNames & Omit<CommitOptions, 'reference'>) {
    if (name === '') throw invalid('invalid name or ID supplied: ""');
    const reference = tagTarget(repo, tag);
    return await this.#alone(name, (container) => commit(this.#context, container, { ...options, reference }));
  }

  changes(name: string, { signal }: { signal: AbortSignal }): AsyncIterable<FilesystemChange[]> {
    return changes(this.#context, this.#read(name), signal);
  }

  async resize(name: string, size: Size): Promise<void> {
    await resize(this.#context, this.#read(name), size);
  }

  async execCreate(name: string, config: ExecConfig): Promise<{ Id: string }> {
    const { id } = await createExec(this.#context, this.#read(name), { config, reference: name });
    return { Id: id };
  }

  async execStart(id: string, options: ExecStartRequest): Promise<{ tty: boolean; stream: Session }> {
    const exec = this.#context.execs.get(id);
    return { tty: exec.config.Tty, stream: await startExec(this.#context, exec, options) };
  }

  async execStartDetached(id: string, options: ExecStartRequest): Promise<void> {
    await startDetached(this.#context, this.#context.execs.get(id), options);
  }

  execInspect(id: string): ExecInspect {
    return inspectExec(this.#context.execs.get(id));
  }

  async execResize(id: string, size: Size): Promise<void> {
    await resizeExec(this.#context, id, size);
  }

  /** The ids of all containers, those that are being made too. */
  ids(): Set<string> {
    const { rows, unborn } = this.#context;
    return new Set([...rows.everything().map(({ id }) => id), ...unborn]);
  }

  /** For images: who was made from this one. */
  containersUsingImage(imageId: string): { id: string; name: string; running: boolean }[] {
    return this.#context.rows.containersUsingImage(imageId);
  }

  /** For volumes: who mounts this one. */
  containersUsingVolume(volume: string): { id: string; name: string; running: boolean }[] {
    return this.#context.rows.containersUsingVolume(volume);
  }

  /** How many containers are in which state, for `info`. */
  counts(): { total: number; running: number; paused: number; stopped: number } {
    const all = this.#context.rows.statuses();
    const running = all.filter(({ status }) => status === 'running' || status === 'restarting').length;
    const paused = all.filter(({ status }) => status === 'paused').length;
    return { total: all.length, running, paused, stopped: all.length - running - paused };
  }

  #read(name: string): Container {
    const { rows } = this.#context;
    const container = rows.get(rows.resolve(name));
    if (!container) throw notFound(`No such container: ${name}`);
    return container;
  }

  #isThere(name: string): boolean {
    try {
      return this.#read(name) !== undefined;
    } catch {
      return false;
    }
  }

  async #alone<R>(name: string, verb: (container: Container) => Promise<R> | R): Promise<R> {
    const { id } = this.#read(name);
    using _ = await this.#context.locks.lock(id);
    const container = this.#context.rows.get(id);
    if (!container) throw notFound(`No such container: ${name}`);
    return await verb(container);
  }
}

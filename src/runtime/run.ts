import type { Log } from '#log';
import { bootId } from '#sys';
import { killAll } from './cgroup/kill-all.ts';
import { oomKills } from './cgroup/tree.ts';
import type { MonitorLink } from './monitor/link.ts';
import type { MonitorEvent, MonitorExit, MonitorState } from './monitor/messages.ts';
import { MonitorError } from './monitor/messages.ts';
import type { ExitRecord, RunRecord, Started } from './records.ts';
import { readExit } from './records.ts';

/** Who is told of what happens to containers. */
export interface Listeners {
  exit(id: string, record: ExitRecord): void;
  execExit(id: string, execId: string, exitCode: number): void;
  oom(id: string): void;
}

const SIGKILL = 9;

/** One life of a container, from its preparation to its discard, as this daemon sees it. */
export class Run {
  readonly id: string;
  readonly directory: string;
  readonly record: RunRecord;
  link: MonitorLink | undefined;
  started: Started | undefined;
  startedAt = '';
  exit: ExitRecord | undefined;
  /** Processes may outlive the container's first one (`--pid host` or `container:`); unknown after a restart: assume it. */
  sharesPids = true;
  /** Processes that have outlived the first one are being killed; a next life in the same cgroup waits for it. */
  ending: Promise<unknown> = Promise.resolve();
  /** Execs whose runtime has been asked for, or is being sent away, and whether it waits. */
  readonly prepared = new Map<string, { isWaiting: Promise<boolean>; timer: NodeJS.Timeout | undefined }>();
  /** It is being removed: its monitor's end is no news. */
  discarded = false;
  readonly #ready = Promise.withResolvers<number>();
  readonly #listeners: Listeners;
  readonly #log: Log;

  constructor(
    at: { id: string; directory: string; record: RunRecord },
    { listeners, log }: { listeners: Listeners; log: Log },
  ) {
    this.id = at.id;
    this.directory = at.directory;
    this.record = at.record;
    this.#listeners = listeners;
    this.#log = log;
    this.#ready.promise.catch(() => undefined);
  }

  /** The stub's pid once it has prepared everything; rejects with {@link MonitorError} when it could not. */
  get ready(): Promise<number> {
    return this.#ready.promise;
  }

  /** Takes in all that the monitor knows; what ended meanwhile is told now. */
  adopt({ container, execs }: MonitorState): void {
    const { phase, stub, started, failure, failureNumber } = container;
    if (phase === 'ready') this.#ready.resolve(stub);
    if (phase === 'failed') this.#ready.reject(new MonitorError('prepare', failureNumber, failure));
    if (phase === 'running' || phase === 'exited') this.begin(started);
    if (phase === 'exited' && container.exit.finishedAt !== '') this.#settle(container.exit);
    for (const exec of execs) {
      if (exec.phase === 'exited') this.#listeners.execExit(this.id, exec.id, exec.exit.exitCode);
    }
  }

  begin({ pid, startTime, startedAt }: { pid: number; startTime: number; startedAt: string }): Started {
    this.startedAt ||= startedAt;
    this.started ??= { pid, startTime, bootId: bootId() };
    return this.started;
  }

  onEvent(event: MonitorEvent): void {
    if (event.type === 'ready') this.#ready.resolve(event.stub);
    else if (event.type === 'failed') this.#ready.reject(new MonitorError('prepare', event.errno, event.text));
    else if (event.type === 'oom') this.#listeners.oom(this.id);
    else if (event.id === '') this.#settle(event.exit);
    else this.#listeners.execExit(this.id, event.id, event.exit.exitCode);
  }

  onClose(): void {
    this.link = undefined;
    this.#ready.reject(new MonitorError('gone', 0, 'the monitor is gone'));
    if (this.exit || this.discarded || !this.started) return;
    this.lost().catch((error) => this.#log.error('container without monitor not ended', { container: this.id, error }));
  }

  /** Without its monitor a container has no stdio and no parent: it is ended, as Docker ends one that lost its shim. */
  async lost(): Promise<void> {
    const written = readExit(this.directory);
    const oomKilled = !written && oomKills(this.record.cgroup) > 0;
    if (!written) await killAll(this.record.cgroup);
    const finishedAt = new Date().toISOString();
    this.#tell(
      written ?? { exitCode: 128 + SIGKILL, signal: SIGKILL, oomKilled, startedAt: this.startedAt, finishedAt },
    );
  }

  #settle({ exitCode, signal, oomKilled, finishedAt }: MonitorExit): void {
    const { startedAt } = this;
    this.#tell({ exitCode, ...(signal ? { signal } : {}), oomKilled, startedAt, finishedAt });
  }

  #tell(record: ExitRecord): void {
    if (this.exit) return;
    this.exit = record;
    if (this.sharesPids) {
      this.ending = killAll(this.record.cgroup).catch((error) =>
        this.#log.warn('processes left', { container: this.id, error }),
      );
    }
    this.#listeners.exit(this.id, record);
  }
}

import { mkdirSync, renameSync } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '#log';
import { failpoint, isErrno } from '#sys';
import type { Undeleted } from './trash-folder.ts';
import { TrashFolder } from './trash-folder.ts';

const ENTRY = new URL(`./trash-worker${extname(import.meta.filename)}`, import.meta.url);
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };
/** So many discarded within so long are deleted by a thread of their own: a busy disk would hold up the event loop. */
const MANY = 8;
const MANY_MS = 1_000;
/** A worker with nothing to delete goes after this. */
const IDLE_MS = 10_000;

/** Takes directories out of sight at once and deletes them afterwards, one after the other. */
export class Trash {
  readonly #path: string;
  readonly #folder: TrashFolder;
  readonly #log: Log;
  /** When the last ones were discarded, the oldest first. */
  readonly #recent: number[] = [];
  #emptying: Promise<void> | undefined;
  #isMore = false;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#folder = new TrashFolder(path);
    this.#log = log;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  /** Moves a directory here by one rename; false when there was none. Its content is deleted in the background. */
  discard(path: string): boolean {
    try {
      renameSync(path, this.#folder.freshName());
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
    failpoint('snapshot.trash.renamed');
    if (this.#recent.push(performance.now()) > MANY) this.#recent.shift();
    void this.empty();
    return true;
  }

  /** Starts deleting what is here, also what a crash left; returns when all of it is gone. */
  empty(): Promise<void> {
    this.#isMore = true;
    this.#emptying ??= this.#run().finally(() => {
      this.#emptying = undefined;
    });
    return this.#emptying;
  }

  async #run(): Promise<void> {
    // What is discarded while a look finds nothing more has to be looked for again.
    while (this.#isMore) {
      this.#isMore = false;
      const left = this.#worker || this.#areMany() ? await this.#emptyInWorker() : await this.#folder.empty();
      for (const { path, message } of left) this.#log.warn('discarded tree not deleted', { path, error: message });
    }
  }

  #areMany(): boolean {
    return this.#recent.length === MANY && performance.now() - this.#recent[0]! < MANY_MS;
  }

  #emptyInWorker(): Promise<Undeleted[]> {
    const worker = (this.#worker ??= this.#start());
    const { promise, resolve } = Promise.withResolvers<Undeleted[]>();
    const lost = () => resolve(this.#folder.empty());
    worker.once('message', (left: Undeleted[]) => {
      worker.off('exit', lost);
      resolve(left);
    });
    worker.once('exit', lost);
    worker.postMessage(undefined);
    this.#idle ??= setTimeout(() => this.#rest(), IDLE_MS).unref();
    this.#idle.refresh();
    return promise;
  }

  #start(): Worker {
    const worker = new Worker(ENTRY, { name: 'gantry-trash', resourceLimits: LIMITS, workerData: this.#path });
    worker.on('error', (error) => this.#log.warn('the thread that deletes ended', { error }));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    worker.unref();
    return worker;
  }

  #rest(): void {
    if (this.#emptying) {
      this.#idle?.refresh();
      return;
    }
    this.#idle = undefined;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}

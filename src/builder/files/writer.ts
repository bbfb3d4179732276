import type { Held } from './held.ts';
import { PoolWriter } from './pool-writer.ts';
import { ThreadWriter } from './thread-writer.ts';

/** More than this is worth a thread, which takes a while to start. */
const FEW_FILES = 32;
const FEW_BYTES = 1024 * 1024;

/**
 * Writes the content of files as it arrives and takes its digest. A file has its time only when it is complete. What
 * returns a promise wants to be waited for before more is given.
 */
export class FileWriter implements AsyncDisposable {
  readonly #pool = new PoolWriter();
  readonly #writers = new Map<string, PoolWriter | ThreadWriter>();
  #thread: ThreadWriter | undefined;
  #files = 0;
  #bytes = 0;

  /** A file whose content will come. */
  begin(path: string, at: Buffer, held: Held): void {
    this.#files++;
    this.#bytes += held.toldSize;
    if (this.#files > FEW_FILES || this.#bytes > FEW_BYTES) this.#thread ??= new ThreadWriter();
    const writer = this.#thread ?? this.#pool;
    this.#writers.set(path, writer);
    writer.begin(path, at, held);
  }

  data(path: string, chunk: Uint8Array): Promise<void> | undefined {
    return this.#writers.get(path)!.data(path, chunk);
  }

  complete(path: string): Promise<void> | undefined {
    const writer = this.#writers.get(path)!;
    this.#writers.delete(path);
    return writer.complete(path);
  }

  /** Resolves when all that is complete is written. */
  async settled(): Promise<void> {
    await this.#pool.settled();
    await this.#thread?.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    await this.#thread?.[Symbol.asyncDispose]();
  }
}

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Answer, Batch, Piece } from './file-worker.ts';
import type { Held } from './held.ts';

const ENTRY = new URL(`./file-worker${extname(import.meta.filename)}`, import.meta.url);
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };
/** Bytes that go to the worker together, how many such batches there are, and files in one of them. */
const BATCH = 512 * 1024;
const BATCHES = 6;
const PIECES = 500;

interface Arriving {
  readonly id: number;
  readonly at: Buffer;
  readonly held: Held;
  hasBegun: boolean;
}

/** Writes files as {@link PoolWriter} does, in a thread of its own: for many or large ones. */
export class ThreadWriter implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #arriving = new Map<string, Arriving>();
  readonly #unanswered = new Map<number, Held>();
  readonly #spare: Buffer[] = Array.from({ length: BATCHES }, () => Buffer.alloc(0));
  #batch: { bytes: Buffer; used: number; pieces: Piece[] } | undefined;
  #fault: unknown;
  #answered = Promise.withResolvers<void>();
  #nextId = 0;

  constructor() {
    this.#worker = new Worker(ENTRY, { name: 'gantry-files', resourceLimits: LIMITS });
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the file worker ended with ${code}`)));
  }

  begin(path: string, at: Buffer, held: Held): void {
    this.#arriving.set(path, { id: this.#nextId++, at, held, hasBegun: false });
  }

  data(path: string, chunk: Uint8Array): Promise<void> | undefined {
    const file = this.#arriving.get(path)!;
    const left = this.#add(file, chunk, false);
    return left.length > 0 ? this.#addLater(file, left, false) : undefined;
  }

  complete(path: string): Promise<void> | undefined {
    const file = this.#arriving.get(path)!;
    this.#arriving.delete(path);
    this.#unanswered.set(file.id, file.held);
    return this.#room() ? void this.#add(file, NOTHING, true) : this.#addLater(file, NOTHING, true);
  }

  async settled(): Promise<void> {
    this.#post();
    while (!this.#fault && this.#unanswered.size > 0) await this.#answered.promise;
    if (this.#fault) throw this.#fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #addLater(file: Arriving, chunk: Uint8Array, ends: boolean): Promise<void> {
    let left = chunk;
    do {
      while (!this.#fault && !this.#room()) await this.#answered.promise;
      if (this.#fault) throw this.#fault;
      left = this.#add(file, left, ends);
    } while (left.length > 0);
  }

  /** Whether something can be added now. */
  #room(): boolean {
    if (this.#batch && (this.#batch.used === BATCH || this.#batch.pieces.length >= PIECES)) this.#post();
    if (this.#batch) return true;
    const spare = this.#spare.pop();
    if (!spare) return false;
    const bytes = spare.length === BATCH ? spare : Buffer.from(new ArrayBuffer(BATCH));
    this.#batch = { bytes, used: 0, pieces: [] };
    return true;
  }

  /** Adds as much as there is room for; what is left. */
  #add(file: Arriving, chunk: Uint8Array, ends: boolean): Uint8Array {
    if (this.#fault) throw this.#fault;
    if (!this.#room()) return chunk;
    const batch = this.#batch!;
    const part = chunk.subarray(0, BATCH - batch.used);
    batch.bytes.set(part, batch.used);
    batch.used += part.length;
    const last = batch.pieces.at(-1);
    if (last?.file === file.id) {
      batch.pieces[batch.pieces.length - 1] = { ...last, length: last.length + part.length, ends };
    } else {
      const { uid, gid, mode, xattrs, modTime } = file.held;
      const begins = { at: file.at, dress: { uid, gid, mode, xattrs, modTime } };
      batch.pieces.push({ file: file.id, length: part.length, ends, ...(file.hasBegun ? {} : { begins }) });
      file.hasBegun = true;
    }
    return chunk.subarray(part.length);
  }

  #post(): void {
    if (!this.#batch) return;
    const { bytes, pieces } = this.#batch;
    this.#batch = undefined;
    const { buffer } = bytes as Buffer<ArrayBuffer>;
    this.#worker.postMessage({ bytes: buffer, pieces } satisfies Batch, [buffer]);
  }

  #take({ bytes, done, fault }: Answer): void {
    this.#spare.push(Buffer.from(bytes));
    for (const [id, content] of done) {
      this.#unanswered.get(id)!.content = content;
      this.#unanswered.delete(id);
    }
    if (fault) this.#fail(Object.assign(new Error(fault.message), fault));
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#fault ??= error;
    this.#wake();
  }

  #wake(): void {
    this.#answered.resolve();
    this.#answered = Promise.withResolvers<void>();
  }
}

const NOTHING = new Uint8Array();

import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { close, open, write } from 'node:fs';
import { promisify } from 'node:util';
import { Semaphore } from '#async';
import { CREATE, dress } from './dress.ts';
import type { Held } from './held.ts';

const openFile = promisify(open);
const writeFile = promisify(write);
const closeFile = promisify(close);

/** Held before a file is written; larger ones are written in pieces. */
const PIECE = 512 * 1024;
/** How many files are written at once: as many as libuv has threads for, and some that wait. */
const WRITERS = 8;

interface Arriving {
  readonly at: Buffer;
  readonly held: Held;
  readonly hash: Hash;
  size: number;
  chunks: Uint8Array[];
  waiting: number;
  fd: number | undefined;
  /** Writes of one file follow each other. */
  last: Promise<void>;
}

/** Writes a few small files, several at once, by libuv's threads. */
export class PoolWriter implements AsyncDisposable {
  readonly #arriving = new Map<string, Arriving>();
  readonly #turn = new Semaphore(WRITERS);
  readonly #pending = new Set<Promise<void>>();
  #fault: unknown;

  /** A file whose content will come. */
  begin(path: string, at: Buffer, held: Held): void {
    const nothing = { size: 0, chunks: [], waiting: 0, fd: undefined, last: Promise.resolve() };
    this.#arriving.set(path, { at, held, hash: createHash('sha256'), ...nothing });
  }

  data(path: string, chunk: Uint8Array): Promise<void> | undefined {
    const file = this.#arriving.get(path)!;
    file.chunks.push(chunk);
    file.waiting += chunk.length;
    return file.waiting >= PIECE ? this.#enqueue(file, false) : undefined;
  }

  async complete(path: string): Promise<void> {
    const file = this.#arriving.get(path)!;
    this.#arriving.delete(path);
    await this.#enqueue(file, true);
  }

  /** Resolves when all that is complete is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#fault) throw this.#fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pending);
    for (const { fd } of this.#arriving.values()) if (fd !== undefined) await closeFile(fd).catch(() => {});
  }

  /** Waits for a turn, not for the write. */
  async #enqueue(file: Arriving, isLast: boolean): Promise<void> {
    if (this.#fault) throw this.#fault;
    const turn = await this.#turn.acquire();
    const { chunks } = file;
    file.chunks = [];
    file.waiting = 0;
    const job = file.last
      .then(() => flush(file, chunks, isLast))
      .catch((error) => {
        this.#fault ??= error;
      })
      .finally(() => {
        turn[Symbol.dispose]();
        this.#pending.delete(job);
      });
    file.last = job;
    this.#pending.add(job);
  }
}

async function flush(file: Arriving, chunks: Uint8Array[], isLast: boolean): Promise<void> {
  file.fd ??= await openFile(file.at, CREATE, 0o600);
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  file.hash.update(bytes);
  file.size += bytes.length;
  for (let at = 0; at < bytes.length; ) at += (await writeFile(file.fd, bytes, at)).bytesWritten;
  if (!isLast) return;
  try {
    dress(file.fd, file.held);
    file.held.content = { digest: file.hash.digest('hex'), size: file.size };
  } finally {
    await closeFile(file.fd);
  }
}

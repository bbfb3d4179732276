import { createHash, randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '#errdefs';
import type { Digest } from '#oci';
import { failpoint } from '#sys';

/** From this size on the disk begins to write a received file before anybody waits for it. */
const EAGER_SYNC = 64 * 1024;

export interface ReceiveBounds {
  /** More bytes than this are an error. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that came in: a temporary file with its digest, until the store keeps it as a blob or it is dropped. */
export class Received {
  readonly digest: Digest;
  readonly size: number;
  readonly #synced: Promise<unknown> | undefined;
  #path: string;
  #isKept = false;

  private constructor(path: string, digest: Digest, size: number, synced: Promise<unknown> | undefined) {
    this.#path = path;
    this.digest = digest;
    this.size = size;
    this.#synced = synced;
  }

  /** Where the bytes are now. */
  get path(): string {
    return this.#path;
  }

  /** Whether they are a blob of the store. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** For the store: the bytes are in this blob from now on. */
  keptAs(path: string): void {
    this.#path = path;
    this.#isKept = true;
  }

  /** For the store: a file that is whole already. */
  static of(path: string, { digest, size }: { digest: Digest; size: number }, synced: Promise<unknown>): Received {
    return new Received(path, digest, size, synced);
  }

  /** Takes in a stream to its end; a failed one leaves no file. */
  static async from(folder: string, source: AsyncIterable<Buffer>, bounds: ReceiveBounds): Promise<Received> {
    const path = join(folder, randomUUID());
    const file = await open(path, 'wx', 0o600);
    try {
      const { digest, size } = await copy(source, file, bounds);
      if (size < EAGER_SYNC) {
        await file.close();
        return new Received(path, digest, size, undefined);
      }
      const synced = file.datasync().finally(() => file.close());
      // Whoever keeps the file sees the failure; a dropped file may fail unseen.
      synced.catch(() => {});
      return new Received(path, digest, size, synced);
    } catch (error) {
      await file.close();
      await unlink(path);
      throw error;
    }
  }

  /** The bytes, when there are at most `limit` of them. */
  async bytes(limit: number): Promise<Buffer> {
    if (this.size > limit) throw invalid(`a document of ${this.size} bytes is larger than ${limit} bytes`);
    return readFile(this.#path);
  }

  /** Waits until the bytes are on the disk. */
  async sync(): Promise<void> {
    if (this.#synced) return void (await this.#synced);
    await using file = await open(this.#path, 'r');
    await file.datasync();
  }

  /** Removes the file unless it was kept; nothing to remove is success. */
  async drop(): Promise<void> {
    if (this.#isKept) return;
    await this.#synced?.catch(() => {});
    await unlink(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    failpoint('content.receive.dropped');
  }
}

/** Pieces are gathered so long before they are written, in bytes: each write is a way to another thread and back. */
const GATHERED = 1024 * 1024;

/** Takes in the next pieces while those before are written. */
async function copy(source: AsyncIterable<Buffer>, file: FileHandle, { limit, signal }: ReceiveBounds) {
  const hash = createHash('sha256');
  let size = 0;
  let writing: Promise<void> = Promise.resolve();
  let pieces: Buffer[] = [];
  let gathered = 0;
  const flush = async () => {
    await writing;
    writing = writeAll(file, pieces, gathered);
    // It is waited for before the next, and at the end.
    writing.catch(() => {});
    [pieces, gathered] = [[], 0];
  };
  try {
    for await (const chunk of source) {
      signal?.throwIfAborted();
      size += chunk.length;
      if (limit !== undefined && size > limit) throw invalid(`content is larger than ${limit} bytes`);
      hash.update(chunk);
      pieces.push(chunk);
      gathered += chunk.length;
      if (gathered >= GATHERED) await flush();
    }
    await flush();
    await writing;
  } finally {
    // Nobody may close the file under a write.
    await writing.catch(() => {});
  }
  return { digest: `sha256:${hash.digest('hex')}` as const, size };
}

async function writeAll(file: FileHandle, pieces: readonly Buffer[], length: number): Promise<void> {
  if (length === 0) return;
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten === length) return;
  // A full disk takes a part; what is said of it comes with the rest.
  const rest = Buffer.concat(pieces).subarray(bytesWritten);
  for (let at = 0; at < rest.length; ) at += (await file.write(rest, at)).bytesWritten;
}

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { invalid } from '#errdefs';
import type { Digest } from '#oci';

export interface ReceiveBounds {
  /** More bytes than this are an error. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Pieces are gathered so long before they are written, in bytes: each write is a way to another thread and back. */
const GATHERED = 1024 * 1024;

/** Hashes pieces and writes them to a file: the next ones may come while those before are written. */
export class Intake {
  readonly #file: FileHandle;
  readonly #bounds: ReceiveBounds;
  readonly #hash = createHash('sha256');
  #size = 0;
  #writing: Promise<void> = Promise.resolve();
  #pieces: Buffer[] = [];
  #gathered = 0;

  constructor(file: FileHandle, bounds: ReceiveBounds) {
    this.#file = file;
    this.#bounds = bounds;
  }

  /** Takes one more piece, which must not change any more. No more may come before the result, where there is one. */
  take(piece: Buffer): Promise<void> | undefined {
    const { limit, signal } = this.#bounds;
    signal?.throwIfAborted();
    this.#size += piece.length;
    if (limit !== undefined && this.#size > limit) throw invalid(`content is larger than ${limit} bytes`);
    this.#hash.update(piece);
    this.#pieces.push(piece);
    this.#gathered += piece.length;
    return this.#gathered < GATHERED ? undefined : this.#flush();
  }

  /** What was taken, when all of it is in the file. Also after a failure: nothing is written any more when it settles. */
  async finish(): Promise<{ readonly digest: Digest; readonly size: number }> {
    await this.#flush();
    await this.#writing;
    return { digest: `sha256:${this.#hash.copy().digest('hex')}`, size: this.#size };
  }

  /** A stream whose chunks are taken. */
  writable(): Writable {
    return new Writable({
      highWaterMark: GATHERED,
      write: (chunk: Buffer, _encoding, done) => {
        try {
          const written = this.take(chunk);
          if (written) written.then(() => done(), done);
          else done();
        } catch (error) {
          done(error as Error);
        }
      },
    });
  }

  async #flush(): Promise<void> {
    const [pieces, length] = [this.#pieces, this.#gathered];
    [this.#pieces, this.#gathered] = [[], 0];
    const before = this.#writing;
    await before;
    this.#writing = writeAll(this.#file, pieces, length);
    // It is waited for before the next, and at the end.
    this.#writing.catch(() => {});
  }
}

async function writeAll(file: FileHandle, pieces: readonly Buffer[], length: number): Promise<void> {
  if (length === 0) return;
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten === length) return;
  // A full disk takes a part; what is said of it comes with the rest.
  const rest = Buffer.concat(pieces).subarray(bytesWritten);
  for (let at = 0; at < rest.length; ) at += (await file.write(rest, at)).bytesWritten;
}

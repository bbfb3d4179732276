import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { invalid } from '#errdefs';
import type { Digest } from '#oci';
import { failpoint } from '#sys';
import { Received } from './received.ts';

interface Expected {
  readonly digest: Digest;
  readonly size: number;
}

const READ_BYTES = 1024 * 1024;

/**
 * A blob on its way, in a file of its own that outlives the process: what came before is kept and goes on where it was.
 * One writer; bytes beyond the expected size are refused.
 */
export class Partial {
  readonly digest: Digest;
  /** What the blob has when it is whole. */
  readonly expected: number;
  readonly #path: string;
  readonly #onClose: () => void;
  #file: FileHandle | undefined;
  #hash: Hash;
  #size: number;
  #received: Received | undefined;

  private constructor(path: string, about: Expected, { file, onClose }: { file: FileHandle; onClose: () => void }) {
    this.#path = path;
    this.#onClose = onClose;
    this.digest = about.digest;
    this.expected = about.size;
    this.#file = file;
    this.#hash = createHash('sha256');
    this.#size = 0;
  }

  /** Opens what came before, or nothing. */
  static async open(path: string, about: Expected, onClose: () => void): Promise<Partial> {
    const before = await open(path, 'r+').catch(() => undefined);
    const file = before ?? (await open(path, 'w+', 0o600));
    const partial = new Partial(path, about, { file, onClose });
    await partial.#readBefore();
    return partial;
  }

  /** Bytes that are here. */
  get size(): number {
    return this.#size;
  }

  /** Where the bytes are now. */
  get path(): string {
    return this.#received?.path ?? this.#path;
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#size + chunk.length > this.expected) {
      throw invalid(`blob ${this.digest} is larger than the ${this.expected} bytes that its descriptor names`);
    }
    this.#hash.update(chunk);
    for (let at = 0; at < chunk.length; ) {
      at += (await this.#file!.write(chunk, at, chunk.length - at, this.#size + at)).bytesWritten;
    }
    this.#size += chunk.length;
  }

  /** Begins again from nothing. */
  async reset(): Promise<void> {
    await this.#file!.truncate(0);
    this.#hash = createHash('sha256');
    this.#size = 0;
  }

  /** The whole blob, verified and on its way to the disk; undefined when its bytes are not what the digest says. */
  async finish(): Promise<Received | undefined> {
    if (this.#size !== this.expected || `sha256:${this.#hash.copy().digest('hex')}` !== this.digest) return undefined;
    const file = this.#file!;
    this.#file = undefined;
    const synced = file.datasync().finally(() => file.close());
    synced.catch(() => {});
    this.#received = Received.of(this.#path, { digest: this.digest, size: this.#size }, synced);
    failpoint('content.partial.finished');
    return this.#received;
  }

  /** Leaves what is here for the next time. */
  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#onClose();
  }

  async #readBefore(): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await this.#file!.read(buffer, 0, READ_BYTES, this.#size);
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#size += bytesRead;
    }
    if (this.#size > this.expected) await this.reset();
  }
}

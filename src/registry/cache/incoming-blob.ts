import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { delay } from '#async';
import type { AnyDigest, Digest } from '#oci';
import type { ByteRange, Upstream } from '../deps.ts';
import { RegistryError } from '../errors.ts';
import type { Registry } from '../registry.ts';

const ATTEMPTS = 5;
const PAUSE_MS = 500;
const PIECE = 256 * 1024;

/** What is to be fetched, from where, into what. */
export interface Fetch {
  readonly registry: Registry;
  readonly upstream: Upstream;
  readonly name: string;
  readonly digest: AnyDigest;
  readonly size: number;
  readonly signal: AbortSignal;
}

/** A blob that is fetched once, into an upload of ours, and read meanwhile by everybody who asks for it. */
export class IncomingBlob {
  readonly #fetch: Fetch;
  #upload = '';
  #written = 0;
  #isWhole = false;
  #failure: unknown;
  #step = Promise.withResolvers<void>();
  /** Settles when the blob is whole, verified and linked, or cannot be had. */
  readonly done: Promise<Digest>;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
    this.done = this.#run();
    // Who reads is told.
    this.done.catch(() => {});
  }

  /** The bytes of the range as they come. The last byte of the blob is kept back until all of it is verified. */
  read(range: ByteRange): Readable {
    return Readable.from(this.#pieces(range), { objectMode: false, highWaterMark: PIECE });
  }

  async *#pieces({ start, end }: ByteRange): AsyncGenerator<Buffer> {
    const { registry } = this.#fetch;
    while (this.#upload === '') await this.#more();
    const file = this.#isWhole ? undefined : await open(this.#upload, 'r').catch(() => undefined);
    if (!file) {
      // It was made a blob in this very moment.
      const stored = await this.done;
      return yield* (await registry.storage.blobs.open(stored, { start, end })) as AsyncIterable<Buffer>;
    }
    try {
      yield* this.#follow(file, { start, end });
    } finally {
      await file.close();
    }
  }

  async *#follow(file: FileHandle, { start, end }: ByteRange): AsyncGenerator<Buffer> {
    for (let at = start; at <= end; ) {
      const known = this.#isWhole ? this.#written : Math.min(this.#written, this.#fetch.size - 1);
      const count = Math.min(PIECE, Math.min(known, end + 1) - at);
      if (count <= 0) {
        await this.#more();
        continue;
      }
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(count), 0, count, at);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#isWhole) await this.#step.promise;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #progress(): void {
    this.#step.resolve();
    this.#step = Promise.withResolvers<void>();
  }

  get size(): number {
    return this.#fetch.size;
  }

  async #run(): Promise<Digest> {
    const { registry, name, digest, size } = this.#fetch;
    try {
      const id = await registry.uploads.begin(name);
      this.#upload = registry.uploads.file(name, id);
      this.#progress();
      await this.#download(id);
      if (this.#written !== size) throw incomplete(`${this.#written} bytes of ${size} came`);
      const { stored } = await registry.takeUpload(name, id, digest);
      this.#isWhole = true;
      return stored;
    } catch (error) {
      this.#failure = error ?? new Error('not fetched');
      throw error;
    } finally {
      this.#progress();
    }
  }

  /** A transfer that breaks off goes on where it was. */
  async #download(id: string): Promise<void> {
    const { registry, upstream, name, digest, size, signal } = this.#fetch;
    for (let attempt = 1; ; attempt++) {
      try {
        const take = async (bytes: AsyncIterable<Buffer>) => {
          await registry.uploads.append(name, id, this.#counted(bytes), { limit: size });
        };
        if (await upstream.blob(name, digest, { from: this.#written, take, signal })) return;
        throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
      } catch (error) {
        signal.throwIfAborted();
        if (attempt === ATTEMPTS || error instanceof RegistryError) throw error;
        this.#written = await registry.uploads.size(name, id);
        registry.log.warn('a blob of the upstream broke off', { repository: name, digest, at: this.#written, error });
        await delay(PAUSE_MS * attempt, { signal });
      }
    }
  }

  /** Who asks for the next chunk has written the one before. */
  async *#counted(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      yield chunk;
      this.#written += chunk.length;
      this.#progress();
    }
  }
}

function incomplete(detail: string): RegistryError {
  return new RegistryError('UNAVAILABLE', { status: 502, message: 'the upstream sent something else', detail });
}

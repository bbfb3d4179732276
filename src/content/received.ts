import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { invalid } from '#errdefs';
import type { Digest } from '#oci';
import { failpoint } from '#sys';
import type { ReceiveBounds } from './intake.ts';
import { Intake } from './intake.ts';

/** From this size on the disk begins to write a received file before anybody waits for it. */
const EAGER_SYNC = 64 * 1024;

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
      return await Received.#finished(path, file, await copy(source, new Intake(file, bounds)));
    } catch (error) {
      await file.close();
      await unlink(path);
      throw error;
    }
  }

  /** A stream to write to, and what was written when it has ended; one that fails or is destroyed leaves no file. */
  static async stream(
    folder: string,
    bounds: ReceiveBounds,
  ): Promise<{ readonly output: Writable; readonly received: Promise<Received> }> {
    const path = join(folder, randomUUID());
    const file = await open(path, 'wx', 0o600);
    const intake = new Intake(file, bounds);
    const output = intake.writable();
    const received = finished(output).then(
      async () => Received.#finished(path, file, await intake.finish()),
      async (error) => {
        await intake.finish().catch(() => {});
        await file.close();
        await unlink(path);
        throw error;
      },
    );
    received.catch(() => {});
    return { output, received };
  }

  static async #finished(
    path: string,
    file: FileHandle,
    { digest, size }: { readonly digest: Digest; readonly size: number },
  ): Promise<Received> {
    if (size < EAGER_SYNC) {
      await file.close();
      return new Received(path, digest, size, undefined);
    }
    const synced = file.datasync().finally(() => file.close());
    // Whoever keeps the file sees the failure; a dropped file may fail unseen.
    synced.catch(() => {});
    return new Received(path, digest, size, synced);
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

async function copy(source: AsyncIterable<Buffer>, intake: Intake) {
  try {
    for await (const chunk of source) {
      const written = intake.take(chunk);
      if (written) await written;
    }
  } catch (error) {
    // Nobody may close the file under a write.
    await intake.finish().catch(() => {});
    throw error;
  }
  return await intake.finish();
}

import type { Hash } from 'node:crypto';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#log';
import type { AnyDigest, Digest } from '#oci';
import { digestHex, digestOf, isDigest } from '#oci';
import { failpoint } from '#sys/failpoint';
import { RegistryError } from './errors.ts';

/** What is known of an upload beyond its file. Gone after a restart: the file is hashed again then. */
interface State {
  hash: Hash;
  size: number;
  busy: boolean;
}

/** How much an upload may take in. */
export interface AppendBounds {
  /** More bytes in all are an error. */
  readonly limit: number;
  /** Which one, where another than this limit stands behind it. */
  readonly excess?: (() => Error) | undefined;
  /** This many bytes must come; undefined: as many as do. */
  readonly length?: number | undefined;
}

/** Uploads under way: a file each, named by repository and id, so that they outlive the process. */
export class Uploads {
  readonly #folder: string;
  readonly #log: Log;
  readonly #states = new Map<string, State>();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  get count(): number {
    return this.#states.size;
  }

  /** Bytes of those that are written at this moment. */
  get bytes(): number {
    return [...this.#states.values()].reduce((sum, { size, busy }) => sum + (busy ? size : 0), 0);
  }

  /** Begins an upload; tells its id. */
  async begin(name: string): Promise<string> {
    const id = randomUUID();
    const file = await open(this.#path(name, id), 'wx', 0o600);
    await file.close();
    failpoint('registry.upload.begun');
    this.#states.set(this.#key(name, id), { hash: createHash('sha256'), size: 0, busy: false });
    return id;
  }

  /** Where the bytes of an upload are. */
  file(name: string, id: string): string {
    return this.#path(name, id);
  }

  /** How many bytes an upload has. */
  async size(name: string, id: string): Promise<number> {
    const known = this.#states.get(this.#key(name, id));
    return known ? known.size : (await this.#stat(name, id)).size;
  }

  /** Takes in the stream's bytes at the end; what came before it broke off stays. */
  async append(name: string, id: string, source: AsyncIterable<Buffer>, bounds: AppendBounds): Promise<number> {
    const state = await this.#hold(name, id);
    try {
      await using file = await open(this.#path(name, id), 'r+');
      await copy(source, file, state, bounds);
      return state.size;
    } finally {
      state.busy = false;
    }
  }

  /** Checks the digest, puts the bytes on the disk and gives the file to `take`. A wrong one ends the upload. */
  async finish(name: string, id: string, digest: AnyDigest, take: Take): Promise<{ stored: Digest; size: number }> {
    const state = await this.#hold(name, id);
    try {
      const stored: Digest = `sha256:${state.hash.copy().digest('hex')}`;
      const found = isDigest(digest) ? stored : await sha512Of(this.#path(name, id), state.size);
      if (found !== digest) {
        await this.#discard(name, id);
        throw new RegistryError('DIGEST_INVALID', { detail: `the uploaded content has the digest ${found}` });
      }
      await using file = await open(this.#path(name, id), 'r+');
      // A write that failed half-way may have left more than was counted.
      await file.truncate(state.size);
      await file.sync();
      await take(this.#path(name, id), stored, state.size);
      this.#states.delete(this.#key(name, id));
      return { stored, size: state.size };
    } finally {
      state.busy = false;
    }
  }

  async cancel(name: string, id: string): Promise<void> {
    await this.#hold(name, id);
    await this.#discard(name, id);
  }

  /** Removes uploads that nobody wrote to since then. */
  async purge(before: number): Promise<number> {
    let gone = 0;
    const busy = new Set([...this.#states].filter(([, { busy }]) => busy).map(([key]) => key));
    for (const key of await readdir(this.#folder)) {
      const path = join(this.#folder, key);
      const found = await stat(path).catch(() => undefined);
      if (!found || found.mtimeMs >= before || busy.has(key)) continue;
      await unlink(path).catch(() => {});
      this.#states.delete(key);
      gone++;
    }
    if (gone > 0) this.#log.info('uploads that nobody went on with are removed', { count: gone });
    return gone;
  }

  async #hold(name: string, id: string): Promise<State> {
    const key = this.#key(name, id);
    let state = this.#states.get(key);
    if (!state) {
      const { size } = await this.#stat(name, id);
      state = this.#states.get(key) ?? { hash: createHash('sha256'), size: 0, busy: false };
      this.#states.set(key, state);
      if (!state.busy && state.size < size) {
        state.busy = true;
        await this.#rehash(name, id, state).finally(() => {
          state!.busy = false;
        });
      }
    }
    if (state.busy) {
      const message = 'another request writes to this upload';
      throw new RegistryError('BLOB_UPLOAD_INVALID', { status: 409, message });
    }
    state.busy = true;
    return state;
  }

  /** An earlier process wrote it. */
  async #rehash(name: string, id: string, state: State): Promise<void> {
    const stream = createReadStream(this.#path(name, id), { highWaterMark: 1 << 20 });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      state.hash.update(chunk);
      state.size += chunk.length;
    }
  }

  async #discard(name: string, id: string): Promise<void> {
    this.#states.delete(this.#key(name, id));
    await unlink(this.#path(name, id));
    failpoint('registry.upload.discarded');
  }

  async #stat(name: string, id: string) {
    return await stat(this.#path(name, id)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      this.#states.delete(this.#key(name, id));
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN');
    });
  }

  #key(name: string, id: string): string {
    return `${digestHex(digestOf(name)).slice(0, 16)}-${id}`;
  }

  #path(name: string, id: string): string {
    return join(this.#folder, this.#key(name, id));
  }
}

/** Makes a complete file the blob of this digest; it is gone afterwards. */
type Take = (file: string, digest: Digest, size: number) => Promise<void>;

/** Few clients name blobs so: they cost a second reading. */
async function sha512Of(path: string, size: number): Promise<AnyDigest> {
  const hash = createHash('sha512');
  if (size > 0) for await (const chunk of createReadStream(path, { end: size - 1 })) hash.update(chunk as Buffer);
  return `sha512:${hash.digest('hex')}`;
}

/** Every byte that is on the file is in the hash and in the size, also when the source breaks off. */
async function copy(source: AsyncIterable<Buffer>, file: FileHandle, state: State, bounds: AppendBounds) {
  const { limit, excess, length = Number.POSITIVE_INFINITY } = bounds;
  const most = Math.min(limit, state.size + length);
  for await (const chunk of source) {
    if (state.size + chunk.length > most) {
      if (most === limit && excess) throw excess();
      const message = most === limit ? `a blob may have at most ${limit} bytes` : undefined;
      throw new RegistryError('SIZE_INVALID', { status: message ? 413 : 400, ...(message && { message }) });
    }
    for (let at = 0; at < chunk.length; ) {
      at += (await file.write(chunk, at, chunk.length - at, state.size + at)).bytesWritten;
    }
    state.hash.update(chunk);
    state.size += chunk.length;
  }
}

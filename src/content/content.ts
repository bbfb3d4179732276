import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { invalid, notFound } from '#errdefs';
import type { Log } from '#log';
import type { Descriptor, Digest } from '#oci';
import { digestHex, isDigest } from '#oci';
import { failpoint, isErrno } from '#sys';
import { reachable } from './collect.ts';
import type { ReceiveBounds } from './intake.ts';
import { LayoutIndex } from './layout-index.ts';
import { Lease } from './lease.ts';
import { Partial } from './partial.ts';
import { Received } from './received.ts';
import { damaged } from './verified.ts';

export type ReceiveOptions = ReceiveBounds;

/** How long the beginning of a blob waits for its rest. */
const KEPT_MS = 3 * 86_400_000;
/** What is smaller is fetched again as fast as it is found. */
const SHELVED_BYTES = 1024 * 1024;

/** The blobs of one engine. */
export class Content {
  readonly #root: string;
  readonly #blobs: string;
  readonly #ingest: string;
  readonly #trash: string;
  readonly #partials: string;
  /** Names of the partials that somebody writes now. */
  readonly #coming = new Set<string>();
  readonly #log: Log;
  readonly #index: LayoutIndex;
  readonly #leases = new Set<Lease>();
  /** While a collection runs: what it must not take although no lease holds it any more. */
  #spared: Set<Digest> | undefined;
  #collecting: Promise<unknown> = Promise.resolve();

  /** Opens (or makes) the store at this folder and clears what a killed process left. */
  constructor({ root, log }: { root: string; log: Log }) {
    this.#root = root;
    this.#log = log;
    this.#blobs = join(root, 'blobs', 'sha256');
    this.#ingest = join(root, 'ingest');
    this.#trash = join(root, 'trash');
    this.#partials = join(root, 'partial');
    for (const folder of [root, this.#blobs, this.#ingest, this.#trash, this.#partials]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    writeOnce(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    this.#index = new LayoutIndex(root, log);
    for (const folder of [this.#ingest, this.#trash]) void this.#clear(folder);
    forgetOld(this.#partials);
  }

  /** The folder that is an OCI image layout. */
  get root(): string {
    return this.#root;
  }

  has(digest: Digest): boolean {
    return existsSync(this.#path(digest));
  }

  /** Bytes of a blob; not-found when it is not here. */
  async size(digest: Digest): Promise<number> {
    return (await stat(this.#path(digest)).catch(orNotFound(digest))).size;
  }

  /** A blob's bytes, or those from `start` to `end` (both included), as a stream. */
  open(digest: Digest, range: { start?: number; end?: number } = {}): Readable {
    return createReadStream(this.#path(digest), { highWaterMark: 512 * 1024, ...range });
  }

  /** The file that holds a blob; to be read only. */
  file(digest: Digest): string {
    return this.#path(digest);
  }

  /** A blob's bytes, when there are at most `limit` of them. */
  async read(digest: Digest, limit: number): Promise<Buffer> {
    const size = await this.size(digest);
    if (size > limit) throw invalid(`blob ${digest} is larger than ${limit} bytes`);
    return readFile(this.#path(digest)).catch(orNotFound(digest));
  }

  /** What a descriptor leads to, itself included, whether it is here or not. */
  reach(descriptor: Descriptor): Promise<Set<Digest>> {
    return reachable(this, [descriptor]);
  }

  /**
   * Reads a blob and throws when its bytes are not those of its digest. It is no blob then any more, so that whoever
   * fetches it next does not find it here.
   */
  async verify(digest: Digest, signal?: AbortSignal): Promise<void> {
    if ((await this.check(digest, signal)) === 'whole') return;
    // Not-found for one that is missing.
    await this.size(digest);
    await this.forget(digest);
    throw damaged(digest);
  }

  /** Reads a blob and says whether it is what its digest says. */
  async check(digest: Digest, signal?: AbortSignal): Promise<'whole' | 'missing' | 'damaged'> {
    if (!this.has(digest)) return 'missing';
    if ((await this.#digest(digest, signal)) === digest) return 'whole';
    // Twice, because memory and cables err too.
    return (await this.#digest(digest, signal)) === digest ? 'whole' : 'damaged';
  }

  async #digest(digest: Digest, signal?: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.open(digest)) {
      signal?.throwIfAborted();
      hash.update(chunk);
    }
    return `sha256:${hash.digest('hex')}`;
  }

  /** Takes in a stream, outside of the store: {@link keep} makes it a blob, else it must be dropped. */
  receive(source: AsyncIterable<Buffer>, options: ReceiveOptions = {}): Promise<Received> {
    return Received.from(this.#ingest, source, options);
  }

  /** As {@link receive}, of what is written to `output`; one that fails or is destroyed leaves nothing. */
  receiveStream(options: ReceiveOptions = {}): Promise<{ output: Writable; received: Promise<Received> }> {
    return Received.stream(this.#ingest, options);
  }

  /** A blob to be taken in by pieces, from where an earlier attempt left it. One at a time for each digest. */
  async partial(about: { digest: Digest; size: number }): Promise<Partial> {
    const name = digestHex(about.digest);
    this.#coming.add(name);
    try {
      return await Partial.open(join(this.#partials, name), about, () => this.#coming.delete(name));
    } catch (error) {
      this.#coming.delete(name);
      throw error;
    }
  }

  /** Removes beginnings of blobs that nobody goes on with now; their bytes. */
  async forgetPartials(): Promise<number> {
    let freed = 0;
    for (const name of await readdir(this.#partials)) {
      if (this.#coming.has(name)) continue;
      const path = join(this.#partials, name);
      const { size } = statSync(path);
      unlinkSync(path);
      failpoint('content.partial.forgotten');
      freed += size;
    }
    return freed;
  }

  /** Makes received bytes a blob, visible once they are on the disk; the lease holds it. Already there is success. */
  async keep(received: Received, lease: Lease): Promise<Digest> {
    const { digest } = received;
    lease.hold(digest);
    if (!received.isKept && this.#sizeNow(digest) !== received.size) await received.sync();
    // Nobody else runs between these lines: the blob is there, or this makes it.
    if (received.isKept) return digest;
    const blob = this.#path(digest);
    const temporary = received.path;
    if (this.#sizeNow(digest) === received.size) unlinkSync(temporary);
    else renameSync(temporary, blob);
    received.keptAs(blob);
    failpoint('content.keep.renamed');
    return digest;
  }

  /** Makes a file, whose bytes are checked and on the disk of this store, a blob; the lease holds it. */
  async adopt(file: string, digest: Digest, lease: Lease): Promise<void> {
    lease.hold(digest);
    if (this.#sizeNow(digest) === statSync(file).size) unlinkSync(file);
    else renameSync(file, this.#path(digest));
    failpoint('content.adopt.renamed');
    await this.sync();
  }

  /** Takes a blob away that is not what its name says: whoever needs it fetches it anew. */
  async forget(digest: Digest): Promise<void> {
    this.#log.warn('a damaged blob is taken away', { digest });
    const trashed = join(this.#trash, randomUUID());
    try {
      renameSync(this.#path(digest), trashed);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      throw error;
    }
    failpoint('content.forget.renamed');
    await unlink(trashed);
    failpoint('content.forget.removed');
  }

  /** Stores these bytes as a blob. */
  async put(bytes: Uint8Array, lease: Lease): Promise<Digest> {
    async function* once() {
      yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.keep(await this.receive(once()), lease);
  }

  /** Puts the names of all blobs kept so far on the disk; their bytes are there. */
  async sync(): Promise<void> {
    await using folder = await open(this.#blobs, 'r');
    await folder.sync();
  }

  /** A new lease; dispose it when rows reach what it holds, or when the operation failed. */
  lease(): Lease {
    const lease = new Lease((released) => {
      for (const digest of released.digests) this.#spared?.add(digest);
      this.#leases.delete(released);
    });
    this.#leases.add(lease);
    return lease;
  }

  /**
   * Removes every blob that neither these roots reach nor a lease holds; `roots` is called once, at the beginning. Blobs
   * leased or released while it runs stay. Shelved, what is large waits some days as a {@link Partial}. Returns the bytes
   * that were freed.
   */
  collect(roots: () => Iterable<Descriptor>, { shelve = false }: { shelve?: boolean } = {}): Promise<number> {
    const collection = this.#collecting.then(() => this.#collect(roots, shelve));
    this.#collecting = collection.catch(() => {});
    return collection;
  }

  /** index.json will list what `render` gives, soon: changes of the next moments share one write. */
  publish(render: () => readonly Descriptor[]): void {
    this.#index.schedule(render);
  }

  /** Waits until index.json and a running collection are done. */
  async close(): Promise<void> {
    await this.#index.flush();
    await this.#collecting;
  }

  async #collect(roots: () => Iterable<Descriptor>, shelve: boolean): Promise<number> {
    this.#spared = new Set();
    try {
      const marked = await reachable(this, roots());
      let freed = 0;
      for (const name of await readdir(this.#blobs)) {
        const digest = `sha256:${name}` as const;
        if (!isDigest(digest) || marked.has(digest)) continue;
        freed += this.#discard(digest, shelve);
      }
      await this.#clear(this.#trash);
      return freed;
    } finally {
      this.#spared = undefined;
    }
  }

  /** Judges and moves away in one turn, so that nobody takes a lease in between. */
  #discard(digest: Digest, shelve: boolean): number {
    if (this.#spared?.has(digest)) return 0;
    for (const lease of this.#leases) if (lease.holds(digest)) return 0;
    const { size } = statSync(this.#path(digest));
    const isShelved = shelve && size >= SHELVED_BYTES;
    const to = isShelved ? join(this.#partials, digestHex(digest)) : join(this.#trash, randomUUID());
    renameSync(this.#path(digest), to);
    failpoint('content.collect.renamed');
    this.#log.debug('blob collected', { digest, size });
    return size;
  }

  async #clear(folder: string): Promise<void> {
    const names = readdirSync(folder);
    for (const name of names) {
      await unlink(join(folder, name)).catch((error) => {
        if (isErrno(error, 'EISDIR', 'EPERM')) return rm(join(folder, name), { recursive: true, force: true });
        if (!isErrno(error, 'ENOENT')) this.#log.warn('left-over file stays', { path: join(folder, name), error });
      });
      failpoint('content.trash.cleared');
    }
  }

  /** A blob that was cut short is not there for whoever brings it whole. */
  #sizeNow(digest: Digest): number | undefined {
    return statSync(this.#path(digest), { throwIfNoEntry: false })?.size;
  }

  #path(digest: Digest): string {
    return join(this.#blobs, digestHex(digest));
  }
}

/** What nobody went on with for days. */
function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) unlinkSync(path);
  }
}

function writeOnce(path: string, text: string): void {
  if (!existsSync(path)) writeFileSync(path, text, { mode: 0o644 });
}

function orNotFound(digest: Digest): (error: unknown) => never {
  return (error) => {
    throw isErrno(error, 'ENOENT') ? notFound(`blob ${digest} is not in the content store`, error) : error;
  };
}

import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { Deferred } from '#async';
import { deferred, delay, Semaphore } from '#async';
import type { Content, Partial, Received } from '#content';
import type { Remote } from '#distribution';
import { isTransient } from '#distribution';
import { internal, invalid } from '#errdefs';
import type { Descriptor, Digest } from '#oci';
import { digestIn } from '#oci';
import { failpoint } from '#sys';

const READ_BYTES = 256 * 1024;

/** What a download tells those who wait for it. */
export interface Watcher {
  waiting?(): void;
  downloading(current: number, total: number): void;
  verifying(): void;
  retrying(seconds: number): void;
}

/** A blob on its way, for everybody who wants it; ends when nobody does. */
export class Transfer {
  readonly digest: Digest;
  readonly size: number;
  /** The blob, verified; whoever keeps it first makes it one. */
  readonly done: Promise<Received>;
  readonly #watchers = new Set<Watcher>();
  readonly #abort = new AbortController();
  #partial: Partial | undefined;
  #grown: Deferred<void> = deferred();
  #isOver = false;
  /** How often it began again from nothing: what was read before counts for nothing then. */
  #lives = 0;

  constructor(descriptor: Descriptor, start: (transfer: Transfer) => Promise<Received>) {
    this.digest = digestIn(descriptor);
    this.size = descriptor.size;
    this.done = start(this).finally(() => {
      this.#isOver = true;
      this.#wake();
    });
    this.done.catch(() => {});
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Bytes that are here. */
  get current(): number {
    return this.#partial?.size ?? 0;
  }

  /** Whether it can be joined. */
  get isOpen(): boolean {
    return !this.#isOver && !this.signal.aborted;
  }

  tell(say: (watcher: Watcher) => void): void {
    for (const watcher of this.#watchers) say(watcher);
  }

  join(watcher: Watcher): Disposable {
    this.#watchers.add(watcher);
    return {
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size === 0 && !this.#isOver) this.#abort.abort(new Error('context canceled'));
      },
    };
  }

  /** Resolves when more bytes are here, or it is over. */
  grown(): Promise<void> {
    return this.#isOver ? Promise.resolve() : this.#grown.promise;
  }

  /** For the downloader: where the bytes go. */
  take(partial: Partial): void {
    this.#partial = partial;
  }

  async write(chunk: Buffer): Promise<void> {
    await this.#partial!.write(chunk);
    this.#wake();
  }

  async reset(): Promise<void> {
    this.#lives++;
    await this.#partial!.reset();
    this.#wake();
  }

  /** The bytes from the beginning, as they come; they end only when all are verified. */
  async *follow(): AsyncGenerator<Buffer> {
    const lives = this.#lives;
    while (this.current === 0 && !this.#isOver) await this.grown();
    let file: FileHandle | undefined;
    try {
      for (let at = 0; ; ) {
        const here = this.current;
        if (lives !== this.#lives) throw internal(`blob ${this.digest} is downloaded anew`);
        if (at < here) {
          file ??= await openAt(() => this.#partial!.path);
          const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at);
          at += bytesRead;
          if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
        } else if (this.#isOver) break;
        else await this.grown();
      }
      await this.done;
    } finally {
      await file?.close();
    }
  }

  #wake(): void {
    const grown = this.#grown;
    this.#grown = deferred();
    grown.resolve();
  }
}

/** A blob may get its name while we open it. */
async function openAt(path: () => string): Promise<FileHandle> {
  const before = path();
  return await open(before, 'r').catch((error) => {
    if (path() === before) throw error;
    return open(path(), 'r');
  });
}

/** The blobs that this engine downloads now, each once. */
export class Transfers {
  readonly #content: Content;
  readonly #places: Semaphore;
  readonly #attempts: () => number;
  readonly #running = new Map<Digest, Transfer>();

  constructor(content: Content, { parallel, attempts }: { parallel: number; attempts: () => number }) {
    this.#content = content;
    this.#places = new Semaphore(parallel);
    this.#attempts = attempts;
  }

  /** The download of a blob: the one under way, else a new one from this remote. Leave it by disposing of `place`. */
  join(descriptor: Descriptor, remote: Remote, watcher: Watcher): { transfer: Transfer; place: Disposable } {
    const digest = digestIn(descriptor);
    const running = this.#running.get(digest);
    if (running?.isOpen && running.size === descriptor.size) return { transfer: running, place: running.join(watcher) };
    if (descriptor.size > LAYER_LIMIT) throw invalid(`layer ${digest} is larger than ${LAYER_LIMIT} bytes`);
    const shared = remote.share();
    const previous = running?.done.then(
      () => {},
      () => {},
    );
    const transfer = new Transfer(descriptor, async (own) => {
      try {
        // The file has one writer: one that was given up may still be at its last bytes.
        await previous;
        return await this.#run(own, shared);
      } finally {
        shared[Symbol.dispose]();
        if (this.#running.get(digest) === own) this.#running.delete(digest);
      }
    });
    this.#running.set(digest, transfer);
    return { transfer, place: transfer.join(watcher) };
  }

  async #run(transfer: Transfer, remote: Remote): Promise<Received> {
    const { digest, size, signal } = transfer;
    // Let those who asked hear of it first.
    await Promise.resolve();
    const soon = this.#places.acquire(signal);
    let isWaiting = true;
    void soon.then(
      () => (isWaiting = false),
      () => {},
    );
    await new Promise((resolve) => setImmediate(resolve));
    if (isWaiting) transfer.tell((watcher) => watcher.waiting?.());
    using _place = await soon;
    const partial = await this.#content.partial({ digest, size });
    try {
      transfer.take(partial);
      return await this.#download(transfer, partial, remote);
    } finally {
      await partial.close();
    }
  }

  async #download(transfer: Transfer, partial: Partial, remote: Remote): Promise<Received> {
    const { digest, signal } = transfer;
    for (let attempt = 1; ; attempt++) {
      const resumed = partial.size > 0;
      try {
        if (partial.size < partial.expected || partial.expected === 0) await fetchRest(transfer, partial, remote);
        failpoint('image.pull.downloaded');
        transfer.tell((watcher) => watcher.verifying());
        const received = await partial.finish();
        if (received) return received;
        await transfer.reset();
        // What an earlier life left may be the fault of a power cut.
        if (!resumed) throw internal(`filesystem layer verification failed for digest ${digest}`);
      } catch (error) {
        signal.throwIfAborted();
        if (!isTransient(error) || attempt >= this.#attempts()) throw error;
        const seconds = Math.min(2 ** (attempt - 1), 16);
        for (let left = seconds; left > 0; left--) {
          transfer.tell((watcher) => watcher.retrying(left));
          await delay(1000, { signal });
        }
      }
    }
  }
}

const LAYER_LIMIT = 64 * 2 ** 30;

/** Fetches what is missing of a blob. */
async function fetchRest(transfer: Transfer, partial: Partial, remote: Remote): Promise<void> {
  const { digest, size, signal } = transfer;
  const from = partial.size;
  const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  const answer = await remote.request({
    method: 'GET',
    at: `blobs/${digest}`,
    headers,
    accepts: [200, 206, 416],
    signal,
  });
  // A registry that does not know ranges begins again: what we have of it is passed over.
  let skip = answer.status === 200 ? from : 0;
  if (answer.status === 416 || (answer.status === 206 && !startsAt(answer.headers['content-range'], from))) {
    answer.cancel();
    await transfer.reset();
    throw Object.assign(new Error(`the registry has no rest of blob ${digest}`), { code: 'ETRUNCATED' });
  }
  for await (const chunk of answer.body()) {
    signal.throwIfAborted();
    const rest = skip >= chunk.length ? undefined : chunk.subarray(skip);
    skip -= Math.min(skip, chunk.length);
    if (!rest) continue;
    await transfer.write(rest);
    transfer.tell((watcher) => watcher.downloading(partial.size, size));
  }
  if (partial.size < size) throw Object.assign(new Error('unexpected EOF'), { code: 'ETRUNCATED' });
}

function startsAt(range: string | undefined, from: number): boolean {
  return /^bytes (\d+)-/.exec(range ?? '')?.[1] === String(from);
}

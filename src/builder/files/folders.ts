import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#log';
import { bootId, failpoint } from '#sys';
import { syncFolder } from './folder-sync.ts';
import type { HeldFiles } from './held.ts';
import { readIndex, writeIndex } from './held-index.ts';
import { HeldTree } from './held-tree.ts';
import { readHeld } from './read-held.ts';
import type { Exchange } from './receive.ts';

/** So many folders are kept for a next build, and so many bytes in them. */
const MAX_IDLE = 16;
const MAX_IDLE_BYTES = 20 * 1024 ** 3;
/** What is in a folder is written down when nobody has needed it for so long. */
const INDEX_AFTER_MS = 1000;
const INDEX = '.index';

interface Folder {
  readonly name: string;
  readonly key: string;
  /** What is in it; undefined: it must be looked at first. */
  held: HeldFiles | undefined;
  tree: HeldTree | undefined;
  inUse: boolean;
  bytes: number;
  /** Whether the next daemon would know what is in it; and the writing of that. */
  isIndexed: boolean;
  indexing: NodeJS.Timeout | undefined;
  indexed: Promise<void>;
  readonly createdAt: number;
  usedAt: number;
  uses: number;
}

/** A folder that holds what the client has, until it is given back. */
export interface OpenedFolder extends AsyncDisposable {
  readonly path: string;
  readonly files: HeldTree;
}

/** What is said of a folder that is kept. */
export interface KeptFolder {
  readonly id: string;
  readonly key: string;
  readonly size: number;
  readonly inUse: boolean;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly uses: number;
}

/**
 * Copies of clients' folders, one a build at a time, kept so that next time only what has changed is sent, and with what is
 * known of their files, digests included. They outlive the daemon, but not a boot: after a power cut the time of a file says
 * nothing about its content.
 */
export class ContextFolders {
  readonly #root: string;
  readonly #log: Log;
  readonly #folders = new Map<string, Folder>();
  #next = 0;

  readonly #indexAfterMs: number;

  constructor({ root, log, indexAfterMs = INDEX_AFTER_MS }: { root: string; log: Log; indexAfterMs?: number }) {
    this.#root = join(root, bootId());
    this.#log = log;
    this.#indexAfterMs = indexAfterMs;
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    this.#sweep(root);
    for (const name of readdirSync(this.#root)) {
      const [key = '', number = ''] = name.split('-');
      if (!/^[0-9a-f]{32}$/.test(key) || !/^\d+$/.test(number)) continue;
      this.#folders.set(name, { ...fresh(name, key), held: undefined, isIndexed: true });
      this.#next = Math.max(this.#next, Number(number) + 1);
    }
  }

  /** Where what must wait on disk for a while may lie; it goes with the boot. */
  get spool(): string {
    return this.#root;
  }

  /** Brings a folder to what the other side has. */
  async open(key: string, exchange: Exchange): Promise<OpenedFolder> {
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const folder = this.#take(hash);
    const path = join(this.#root, folder.name);
    try {
      await mkdir(path, { recursive: true, mode: 0o755 });
      failpoint('builder.sync.folder');
      await folder.indexed;
      folder.held ??= (await readIndex(path + INDEX)) ?? (await readHeld(Buffer.from(path)));
      const forget = () => this.#forget(folder);
      const hasChanged = await syncFolder({ root: Buffer.from(path), held: folder.held, forget }, exchange);
      if (hasChanged || !folder.tree) {
        folder.tree = new HeldTree(folder.held);
        folder.bytes = bytesOf(folder.held);
      }
    } catch (error) {
      await this.#drop(folder);
      throw error;
    }
    return { path, files: folder.tree, [Symbol.asyncDispose]: () => this.#giveBack(folder) };
  }

  list(): KeptFolder[] {
    return [...this.#folders.values()].map(({ name, key, bytes, inUse, createdAt, usedAt, uses }) => ({
      ...{ id: name, key, size: bytes, inUse, createdAt, usedAt, uses },
    }));
  }

  /** Removes folders that nobody uses. */
  async remove(ids: ReadonlySet<string>): Promise<void> {
    for (const folder of this.#folders.values()) if (ids.has(folder.name) && !folder.inUse) await this.#drop(folder);
  }

  #take(key: string): Folder {
    const idle = [...this.#folders.values()].find((each) => each.key === key && !each.inUse);
    const folder = idle ?? fresh(`${key}-${this.#next++}`, key);
    folder.inUse = true;
    clearTimeout(folder.indexing);
    folder.uses++;
    this.#folders.set(folder.name, folder);
    return folder;
  }

  async #giveBack(folder: Folder): Promise<void> {
    folder.inUse = false;
    folder.usedAt = Date.now();
    if (!folder.isIndexed) folder.indexing = setTimeout(() => this.#index(folder), this.#indexAfterMs).unref();
    const idle = [...this.#folders.values()].filter(({ inUse }) => !inUse).sort((a, b) => b.usedAt - a.usedAt);
    let bytes = 0;
    for (const [i, each] of idle.entries()) {
      bytes += each.bytes;
      if (i >= MAX_IDLE || bytes > MAX_IDLE_BYTES) await this.#drop(each);
    }
  }

  #index(folder: Folder): void {
    const path = join(this.#root, folder.name + INDEX);
    folder.indexed = writeIndex(path, folder.held!).then(
      () => {
        folder.isIndexed = true;
        failpoint('builder.sync.indexed');
      },
      (error) => this.#log.warn('what is in a copy of a context is not written down', { path, error }),
    );
  }

  /** Before anything in it changes: whoever dies meanwhile leaves a folder that must be looked at. */
  #forget(folder: Folder): void {
    rmSync(join(this.#root, folder.name + INDEX), { force: true });
    folder.isIndexed = false;
    failpoint('builder.sync.forgotten');
  }

  async #drop(folder: Folder): Promise<void> {
    this.#folders.delete(folder.name);
    clearTimeout(folder.indexing);
    await folder.indexed;
    this.#forget(folder);
    const path = join(this.#root, folder.name);
    const away = join(this.#root, `gone-${folder.name}`);
    try {
      await rename(path, away);
      await rm(away, { recursive: true, force: true });
    } catch (error) {
      this.#log.warn('a copy of a context is not removed', { path, error });
    }
  }

  /** Copies of earlier boots, and what a crash left in removal, go. */
  #sweep(root: string): void {
    const old = readdirSync(root).map((name) => join(root, name));
    const names = new Set(readdirSync(this.#root));
    const isLeft = (name: string) => /^(gone|output)-|\.new$/.test(name);
    const gone = [...names].filter((name) => isLeft(name));
    // One of a folder that is gone must not be taken for that of the next one of its name.
    const isStray = (name: string) => name.endsWith(INDEX) && !names.has(name.slice(0, -INDEX.length));
    for (const name of names) if (isStray(name)) rmSync(join(this.#root, name), { force: true });
    const doomed = [...old.filter((path) => path !== this.#root), ...gone.map((name) => join(this.#root, name))];
    for (const path of doomed) {
      rm(path, { recursive: true, force: true }).catch((error) => this.#log.warn('not removed', { path, error }));
    }
  }
}

function bytesOf(held: HeldFiles): number {
  let bytes = 0;
  for (const { size } of held.values()) bytes += size;
  return bytes;
}

const fresh = (name: string, key: string): Folder => ({
  ...{
    name,
    key,
    held: new Map(),
    tree: undefined,
    inUse: false,
    bytes: 0,
    isIndexed: false,
    indexing: undefined,
    indexed: Promise.resolve(),
    createdAt: Date.now(),
    usedAt: Date.now(),
    uses: 0,
  },
});

import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#log';
import { failpoint, isErrno, openInRoot } from '#sys';

interface Owned {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A folder that steps keep things in, as it is shown. */
export interface CacheMount {
  readonly name: string;
  readonly description: string;
  /** Bytes of its files when it was last left. */
  readonly size: number;
  readonly inUse: boolean;
  /** Ms since the epoch. */
  readonly createdAt: number;
  readonly usedAt: number;
  readonly uses: number;
}

type Facts = Omit<CacheMount, 'name' | 'inUse'>;

/** The folders that steps keep things in from build to build (`RUN --mount=type=cache`). What is in them is hostile. */
export class CacheMounts {
  readonly #folder: string;
  readonly #facts: string;
  readonly #trash: string;
  /** Emptied at each start. */
  readonly #making: string;
  readonly #log: Log;
  readonly #uses = new Map<string, number>();
  readonly #known = new Map<string, Facts>();

  constructor(folder: string, log: Log) {
    this.#folder = join(folder, 'mounts');
    this.#facts = join(folder, 'mount-facts');
    this.#trash = join(folder, 'trash');
    this.#making = join(folder, 'sources');
    this.#log = log;
  }

  /** The folder of this name, made when it is missing; it stays at least until the result is disposed of. */
  hold(name: string, { uid, gid, mode }: Owned, description: string): Disposable & { readonly path: string } {
    const path = join(this.#folder, name);
    this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    if (mkdirSync(path, { recursive: true, mode: 0o755 }) !== undefined) {
      chmodSync(path, mode);
      chownSync(path, uid, gid);
    }
    const { createdAt = Date.now(), size = 0, uses = 0 } = this.#factsOf(name) ?? {};
    this.#known.set(name, { description, createdAt, size, usedAt: Date.now(), uses: uses + 1 });
    const release = () => {
      const left = this.#uses.get(name)! - 1;
      if (left > 0) this.#uses.set(name, left);
      else this.#uses.delete(name);
      if (left === 0) void this.#measure(name);
    };
    return { path, [Symbol.dispose]: release };
  }

  /** Makes the folder of this name, if it is missing, with what is put into it; it is there only as a whole. */
  async fill(name: string, put: (folder: string) => Promise<void>): Promise<void> {
    const path = join(this.#folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })) return;
    mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
    failpoint('build.mount.place-made');
    const making = join(this.#making, `mount-${process.hrtime.bigint()}`);
    mkdirSync(making, { recursive: true, mode: 0o755 });
    failpoint('build.mount.making');
    try {
      await put(making);
      renameSync(making, path);
      failpoint('build.mount.filled');
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      throw error;
    }
  }

  /** All of them. */
  list(): CacheMount[] {
    return names(this.#folder).map((name) => {
      const facts = this.#factsOf(name) ?? { description: '', size: 0, createdAt: 0, usedAt: 0, uses: 0 };
      return { name, ...facts, inUse: this.#uses.has(name) };
    });
  }

  /** Removes these, unless somebody uses them; those that are gone. */
  async remove(doomed: readonly string[]): Promise<string[]> {
    mkdirSync(this.#trash, { recursive: true, mode: 0o700 });
    failpoint('build.prune.folders-made');
    const removed: string[] = [];
    for (const name of doomed) {
      if (this.#uses.has(name)) continue;
      const trashed = join(this.#trash, `${name}-${process.hrtime.bigint()}`);
      // Who wants one of this name from now on gets a new one.
      renameSync(join(this.#folder, name), trashed);
      failpoint('build.prune.mount-moved');
      this.#known.delete(name);
      rmSync(join(this.#facts, name), { force: true });
      failpoint('build.prune.facts-removed');
      removed.push(name);
      await rm(trashed, { recursive: true, force: true });
      failpoint('build.prune.mount-removed');
    }
    return removed;
  }

  /** Start-up: what a killed daemon was removing goes; what it did not measure is measured. */
  async recover(): Promise<void> {
    await rm(this.#trash, { recursive: true, force: true });
    const there = new Set(names(this.#folder));
    for (const name of names(this.#facts)) if (!there.has(name)) rmSync(join(this.#facts, name), { force: true });
    for (const name of there) if (!this.#factsOf(name)) await this.#measure(name);
  }

  #factsOf(name: string): Facts | undefined {
    const known = this.#known.get(name);
    if (known) return known;
    try {
      const facts = JSON.parse(readFileSync(join(this.#facts, name), 'utf8')) as Facts;
      this.#known.set(name, facts);
      return facts;
    } catch {
      return undefined;
    }
  }

  /** How much there is, once nobody writes; a loss of it is only that of a number. */
  async #measure(name: string): Promise<void> {
    try {
      const size = await sizeOf(join(this.#folder, name));
      const time = Date.now();
      const facts = { description: '', createdAt: time, usedAt: time, uses: 0, ...this.#factsOf(name), size };
      if (lstatSync(join(this.#folder, name), { throwIfNoEntry: false }) === undefined) return;
      this.#known.set(name, facts);
      mkdirSync(this.#facts, { recursive: true, mode: 0o700 });
      failpoint('build.mount.facts-made');
      writeFileSync(join(this.#facts, `.${name}`), JSON.stringify(facts));
      renameSync(join(this.#facts, `.${name}`), join(this.#facts, name));
      failpoint('build.mount.measured');
    } catch (error) {
      this.#log.info('a cache mount is not measured', { name, error });
    }
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Bytes of the files of a hostile tree: no link is followed, and no path is looked up but within it. */
async function sizeOf(top: string): Promise<number> {
  const root = openSync(top, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  let size = 0;
  try {
    const folders = [Buffer.from('.')];
    for (let folder = folders.pop(); folder; folder = folders.pop()) size += await sizeIn(root, folder, folders);
  } finally {
    closeSync(root);
  }
  return size;
}

async function sizeIn(root: number, folder: Buffer, folders: Buffer[]): Promise<number> {
  const fd = openInRoot(root, folder, constants.O_RDONLY | constants.O_DIRECTORY);
  let size = 0;
  try {
    const here = Buffer.from(`/proc/self/fd/${fd}/`);
    for (const name of await readdir(here, { encoding: 'buffer' })) {
      const stats = await lstat(Buffer.concat([here, name]));
      if (stats.isDirectory()) folders.push(Buffer.concat([folder, Buffer.from('/'), name]));
      else if (stats.isFile()) size += stats.size;
    }
  } catch (error) {
    // Somebody may write again.
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
  } finally {
    closeSync(fd);
  }
  return size;
}

import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint } from '#sys';

interface Owned {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The folders that steps keep things in from build to build (`RUN --mount=type=cache`). What is in them is hostile. */
export class CacheMounts {
  readonly #folder: string;
  readonly #trash: string;
  readonly #uses = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = join(folder, 'mounts');
    this.#trash = join(folder, 'trash');
  }

  /** The folder of this name, made when it is missing; it stays at least until the result is disposed of. */
  hold(name: string, { uid, gid, mode }: Owned): Disposable & { readonly path: string } {
    const path = join(this.#folder, name);
    this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    if (mkdirSync(path, { recursive: true, mode: 0o755 }) !== undefined) {
      chmodSync(path, mode);
      chownSync(path, uid, gid);
    }
    const release = () => {
      const left = this.#uses.get(name)! - 1;
      if (left > 0) this.#uses.set(name, left);
      else this.#uses.delete(name);
    };
    return { path, [Symbol.dispose]: release };
  }

  /** Removes those that nobody uses; their names and bytes. */
  async prune(): Promise<{ name: string; size: number }[]> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    mkdirSync(this.#trash, { recursive: true, mode: 0o700 });
    failpoint('build.prune.folders-made');
    const removed: { name: string; size: number }[] = [];
    for (const name of readdirSync(this.#folder)) {
      if (this.#uses.has(name)) continue;
      const doomed = join(this.#trash, `${name}-${process.hrtime.bigint()}`);
      // Who wants one of this name from now on gets a new one.
      renameSync(join(this.#folder, name), doomed);
      failpoint('build.prune.mount-moved');
      removed.push({ name, size: await sizeOf(doomed) });
      await rm(doomed, { recursive: true, force: true });
      failpoint('build.prune.mount-removed');
    }
    return removed;
  }

  /** What a killed daemon was removing. */
  async emptyTrash(): Promise<void> {
    await rm(this.#trash, { recursive: true, force: true });
  }
}

/** Bytes of the files of a tree in which nobody writes any more; links are not followed. */
async function sizeOf(top: string): Promise<number> {
  let size = 0;
  const folders = [Buffer.from(top)];
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const name of await readdir(folder, { encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const stats = await lstat(path);
      if (stats.isDirectory()) folders.push(path);
      else if (stats.isFile()) size += stats.size;
    }
  }
  return size;
}

import { invalid } from '#errdefs';
import { isDirectory } from './file-mode.ts';
import type { Stat } from './filesync.ts';

/** Linux' own limit of a path; that of a name in it is 255. */
const MAX_PATH = 4095;
/** More files than this in one context is taken for an attack. */
const MAX_ENTRIES = 5_000_000;
/** … and so are longer paths of all of them together. */
const MAX_PATHS = 512 * 1024 * 1024;

/**
 * Judges the files of a transfer as they come: every path is relative and clean, comes once, and lies in a directory that
 * came before. So a path never leads through a link or out of the tree. Paths are bytes, held as Latin-1 strings.
 */
export class TreeOrder<T> {
  readonly #seen = new Map<string, T>();
  readonly #folders = new Set<string>();
  /** The directory of the file before, which mostly is that of the next one too. */
  #folder = '';
  #left: number;

  /** `maxPaths`: the bytes that all paths may have. */
  constructor(maxPaths = MAX_PATHS) {
    this.#left = maxPaths;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** The path of a file that may come now; throws when it may not. */
  admit(stat: Stat, value: T): string {
    const path = textOf(stat.path);
    if (!isClean(path)) throw invalid(`invalid path ${shown(stat)} in a transfer of files`);
    if (this.#seen.has(path)) throw invalid(`path ${shown(stat)} comes twice in a transfer of files`);
    const slash = path.lastIndexOf('/');
    if (slash >= 0 && !(slash === this.#folder.length && path.startsWith(this.#folder))) {
      const folder = path.slice(0, slash);
      if (!this.#folders.has(folder)) {
        throw invalid(`path ${shown(stat)} comes before its directory in a transfer of files`);
      }
      this.#folder = folder;
    }
    this.#left -= path.length;
    if (this.#seen.size >= MAX_ENTRIES || this.#left < 0) throw invalid('too many files in a transfer of files');
    this.#seen.set(path, value);
    if (isDirectory(stat.mode)) this.#folders.add(path);
    return path;
  }

  has(path: string): boolean {
    return this.#seen.has(path);
  }

  get(path: string): T | undefined {
    return this.#seen.get(path);
  }
}

const textOf = (path: Uint8Array): string =>
  Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1');

const shown = ({ path }: Stat): string => JSON.stringify(Buffer.from(path.subarray(0, 200)).toString());

const CLEAN = /^(?!\.\.?(?:\/|$))[^/\0]{1,255}(?:\/(?!\.\.?(?:\/|$))[^/\0]{1,255})*$/;

const isClean = (path: string): boolean => path.length <= MAX_PATH && CLEAN.test(path);

import { invalid } from '#errdefs';
import { isDirectory } from './file-mode.ts';
import type { Stat } from './filesync.ts';

/** Linux' own limits of a path and of a name in it. */
const MAX_PATH = 4095;
const MAX_NAME = 255;
/** More files than this in one context is taken for an attack. */
const MAX_ENTRIES = 5_000_000;

/**
 * Judges the files of a transfer as they come: every path is relative and clean, comes once, and lies in a directory that
 * came before. So a path never leads through a link or out of the tree. Paths are bytes, held as Latin-1 strings.
 */
export class TreeOrder<T> {
  readonly #seen = new Map<string, { readonly isDirectory: boolean; readonly value: T }>();

  get size(): number {
    return this.#seen.size;
  }

  /** The path of a file that may come now; throws when it may not. */
  admit(stat: Stat, value: T): string {
    const path = Buffer.from(stat.path).toString('latin1');
    const shown = JSON.stringify(Buffer.from(stat.path.subarray(0, 200)).toString());
    if (!isClean(path)) throw invalid(`invalid path ${shown} in a transfer of files`);
    if (this.#seen.has(path)) throw invalid(`path ${shown} comes twice in a transfer of files`);
    const slash = path.lastIndexOf('/');
    if (slash >= 0 && !this.#seen.get(path.slice(0, slash))?.isDirectory) {
      throw invalid(`path ${shown} comes before its directory in a transfer of files`);
    }
    if (this.#seen.size >= MAX_ENTRIES) throw invalid('too many files in a transfer of files');
    this.#seen.set(path, { isDirectory: isDirectory(stat.mode), value });
    return path;
  }

  has(path: string): boolean {
    return this.#seen.has(path);
  }

  get(path: string): T | undefined {
    return this.#seen.get(path)?.value;
  }
}

function isClean(path: string): boolean {
  if (path.length === 0 || path.length > MAX_PATH || path.includes('\0')) return false;
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && name.length <= MAX_NAME);
}

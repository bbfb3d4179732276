import { refuse } from '../dockerfile-error.ts';
import type { PathPattern } from './path-pattern.ts';
import { pathPattern } from './path-pattern.ts';

/** Which patterns matched a folder or one above it; what a walk hands down to the folder's entries. */
export type Trail = readonly boolean[];

const MOST_PATTERNS = 10_000;

/**
 * The patterns of a .dockerignore or of `--exclude`, in order: the last one that matches a path or a folder above it
 * decides. Paths are relative, with slashes.
 */
export class PathPatterns {
  readonly #patterns: readonly PathPattern[];
  /** Whether something excluded may be taken back. */
  readonly hasExceptions: boolean;

  constructor(patterns: readonly string[]) {
    if (patterns.length > MOST_PATTERNS) refuse(`more than ${MOST_PATTERNS} patterns`);
    this.#patterns = patterns.flatMap((pattern) => pathPattern(pattern) ?? []);
    this.hasExceptions = this.#patterns.some(({ isException }) => isException);
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** Whether a path matches, by itself or by a folder above it. */
  matches(path: string): boolean {
    return this.step(path).matches;
  }

  /** Whether an entry of a folder matches, given the folder's trail; without one, the folders above are looked at. */
  step(path: string, parent?: Trail): { readonly matches: boolean; readonly trail: Trail } {
    let matches = false;
    const above = parent ? [] : foldersAbove(path);
    const trail = this.#patterns.map((pattern, i) => {
      if (parent?.[i]) {
        matches = !pattern.isException;
        return true;
      }
      // Docker: a pattern that could change nothing is not looked at, nor remembered for what is below.
      if (pattern.isException !== matches) return false;
      const hit = pattern.matches(path) || above.some((folder) => pattern.matches(folder));
      if (hit) matches = !pattern.isException;
      return hit;
    });
    return { matches, trail };
  }

  /** Whether a walk that excludes may leave out all that is below a folder that matches. */
  maySkip(folder: string): boolean {
    return !this.#patterns.some((pattern) => pattern.isException && pattern.mayMatchBelow(folder));
  }

  /** Whether a walk that includes has to look below a folder that does not match. */
  mayMatchBelow(folder: string): boolean {
    return this.#patterns.some((pattern) => !pattern.isException && pattern.mayMatchBelow(folder));
  }
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at));
  return folders;
}

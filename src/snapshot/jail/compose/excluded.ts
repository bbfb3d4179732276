import type { Trail } from '#dockerfile/ignore';
import { PathPatterns } from '#dockerfile/ignore';
import type { CopyAction } from './work.ts';

/** What of a tree a copy leaves out. */
export class Excluded {
  readonly #ofTree: PathPatterns;
  readonly #ofCopy: PathPatterns;

  constructor({ excludes, omits = [] }: Pick<CopyAction, 'excludes' | 'omits'>) {
    this.#ofTree = new PathPatterns(excludes);
    this.#ofCopy = new PathPatterns(omits);
  }

  /** For an entry of a folder; `skip`: nothing below it counts either. */
  judge({ name, copied }: Names, parent: Judged | undefined, isDirectory: boolean): Judged {
    const tree = judge(this.#ofTree, name, parent?.tree, isDirectory);
    const copy = judge(this.#ofCopy, copied, parent?.copy, isDirectory);
    const [leavesOut, skip] = [tree.leavesOut || copy.leavesOut, tree.skip || copy.skip];
    return { leavesOut, skip, tree: tree.trail, copy: copy.trail };
  }
}

export interface Names {
  /** Below the tree. */
  readonly name: string;
  /** Below what is copied; '': it is that itself. */
  readonly copied: string;
}

export interface Judged {
  readonly leavesOut: boolean;
  readonly skip: boolean;
  readonly tree: Trail | undefined;
  readonly copy: Trail | undefined;
}

const NOTHING = { leavesOut: false, skip: false, trail: undefined };

function judge(patterns: PathPatterns, path: string, parent: Trail | undefined, isDirectory: boolean) {
  if (patterns.isEmpty || path === '') return NOTHING;
  // The patterns are characters, paths are bytes.
  const text = Buffer.from(path, 'latin1').toString();
  const { matches, trail } = patterns.step(text, parent);
  return { leavesOut: matches, skip: matches && (!isDirectory || patterns.maySkip(text)), trail };
}

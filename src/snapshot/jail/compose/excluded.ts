import type { Trail } from '#dockerfile/ignore';
import { PathPatterns } from '#dockerfile/ignore';

/** What of a tree a copy leaves out; paths are below the tree. */
export class Excluded {
  readonly #patterns: PathPatterns;

  constructor(patterns: readonly string[]) {
    this.#patterns = new PathPatterns(patterns);
  }

  /** For an entry of a folder; `skip`: nothing below it counts either. */
  judge(path: string, parent: Trail | undefined, isDirectory: boolean): Judged {
    if (this.#patterns.isEmpty) return NOTHING;
    // The patterns are characters, paths are bytes.
    const text = Buffer.from(path, 'latin1').toString();
    const { matches, trail } = this.#patterns.step(text, parent);
    return { leavesOut: matches, skip: matches && (!isDirectory || this.#patterns.maySkip(text)), trail };
  }
}

export interface Judged {
  readonly leavesOut: boolean;
  readonly skip: boolean;
  readonly trail: Trail | undefined;
}

const NOTHING: Judged = { leavesOut: false, skip: false, trail: undefined };

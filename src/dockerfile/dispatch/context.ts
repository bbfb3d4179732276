import type { Escape, Instruction } from '../ast.ts';
import type { LexOptions } from '../expand/lex.ts';
import { expandWord } from '../expand/lex.ts';
import type { Report } from '../finding.ts';
import type { PathPatterns } from '../ignore/path-patterns.ts';
import { suggest } from '../suggest.ts';
import type { Origin } from './result.ts';
import type { StageState } from './stage-state.ts';

/** What instructions are applied with, the same for a whole Dockerfile. */
export interface DispatchContext {
  readonly escapeToken: Escape;
  /** Values of global ARGs and platforms, for ARGs without a value. */
  readonly globalArgs: ReadonlyMap<string, string>;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** What the build context leaves out. */
  readonly ignored?: PathPatterns;
  readonly report: Report;
}

/** An instruction with what the plan knows of it. */
export interface PlannedInstruction {
  readonly instruction: Instruction;
  readonly isOnBuild: boolean;
  /** Of COPY: where from. Of RUN: one for each mount. Undefined: the build context, or nothing. */
  readonly origins: readonly (Origin | undefined)[];
}

/** Arguments that are for the scanner, not for the environment. */
export const NOT_IN_ENV: readonly string[] = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'];

/** Expands a word in a stage and reports what is not defined there. */
export function expandIn(state: StageState, context: DispatchContext, instruction: Instruction) {
  const expand = (word: string, options: LexOptions): string => {
    const unmatched = new Set<string>();
    const lookup = (name: string) => {
      const value = state.env.get(name);
      if (value === undefined) unmatched.add(name);
      return value;
    };
    try {
      return expandWord(word, lookup, options).text;
    } finally {
      reportUndefined(state, context, instruction, unmatched);
    }
  };
  return {
    word: (word: string) => expand(word, { escape: context.escapeToken }),
    body: (body: string) => expand(body, { ignoreQuotes: true }),
  };
}

function reportUndefined(
  state: StageState,
  { report }: DispatchContext,
  { lines }: Instruction,
  unmatched: ReadonlySet<string>,
): void {
  for (const name of unmatched) {
    if (NOT_IN_ENV.includes(name) || state.buildArgs.some(({ key }) => key === name)) continue;
    const match = suggest(name, state.env.keys());
    const hint = match === undefined ? '' : ` (did you mean $${match}?)`;
    report({ rule: 'UndefinedVar', lines, detail: `Usage of undefined variable '$${name}'${hint}` });
  }
}

import type { RuleName } from './lint/rules.ts';
import type { Lines } from './location.ts';

/** What a check found. */
export interface Finding {
  readonly rule: RuleName;
  readonly lines: Lines;
  readonly detail: string;
}

/** Takes findings as they are made, in Docker's order. */
export type Report = (finding: Finding) => void;

export const IGNORE_FINDINGS: Report = () => {};

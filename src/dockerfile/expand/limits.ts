import { refuse } from '../dockerfile-error.ts';

/** Bounds on what variables may grow to: `ENV a=$a$a` doubles at each use. */
export const LIMITS = { expandedLength: 1024 * 1024, depth: 200, matchSteps: 1_000_000 } as const;

export function checkLength(length: number): void {
  if (length > LIMITS.expandedLength) {
    refuse(`the expansion of variables is longer than ${LIMITS.expandedLength} characters`);
  }
}

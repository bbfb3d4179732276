import type { WhyCode, WhyFinding } from '#api';

/** A finding; what it was found by and what helps may be missing. */
export function finding(Code: WhyCode, Summary: string, more: { evidence?: readonly string[]; remedy?: string } = {}) {
  return { Code, Summary, Evidence: [...(more.evidence ?? [])], Remedy: more.remedy ?? '' } satisfies WhyFinding;
}

import { goQuote } from '#template/quote';
import type { Dockerfile, Escape, Node, Stage } from '../ast.ts';
import type { Expansion } from '../expand/lex.ts';
import { expandWord } from '../expand/lex.ts';
import { lookupIn } from '../expand/lookup.ts';
import type { Report } from '../finding.ts';
import type { Lines } from '../location.ts';
import { isReference, platformOf } from '../plan/names.ts';
import { suggest } from '../suggest.ts';

const RESERVED = ['context', 'scratch'];

/** Checks of the names of stages. */
export function checkStageNames(stages: readonly Stage[], report: Report): void {
  const seen = new Set<string>();
  for (const { name, lines } of stages) {
    if (name === '') continue;
    if (RESERVED.includes(name)) {
      const detail = `Stage name should not use the same name as reserved stage ${goQuote(name)}`;
      report({ rule: 'ReservedStageName', lines, detail });
    }
    if (seen.has(name)) {
      const detail = `Duplicate stage name ${goQuote(name)}, stage names should be unique`;
      report({ rule: 'DuplicateStageName', lines, detail });
    }
    seen.add(name);
  }
}

/** Instructions should all be written as most of them are. */
export function checkCasing({ stages }: Dockerfile, report: Report): void {
  const nodes: readonly Node[] = stages.flatMap((stage) => [stage, ...stage.instructions]);
  const lower = nodes.filter(({ keyword }) => keyword === keyword.toLowerCase()).length;
  const upper = nodes.filter(({ keyword }) => keyword === keyword.toUpperCase()).length;
  const [wanted, inCase] = lower > upper ? ['lowercase', lowerCase] : ['uppercase', upperCase];
  for (const { keyword, lines } of nodes) {
    if (inCase(keyword) === keyword) continue;
    const detail = `Command '${keyword}' should match the case of the command majority (${wanted})`;
    report({ rule: 'ConsistentInstructionCasing', lines, detail });
  }
}

const lowerCase = (text: string) => text.toLowerCase();
const upperCase = (text: string) => text.toUpperCase();

/** Base images should be names too when no build argument is given. */
export function checkDefaultBases(
  stages: readonly Stage[],
  defaults: ReadonlyMap<string, string>,
  escapeToken: Escape,
  report: Report,
): void {
  for (const { base, lines } of stages) {
    const { text } = expandWord(base, lookupIn(defaults), { escape: escapeToken });
    if (isReference(text)) continue;
    const detail = `Default value for ARG ${base} results in empty or invalid base image name`;
    report({ rule: 'InvalidDefaultArgInFrom', lines, detail });
  }
}

/** FROM should use arguments that are declared. */
export function checkDeclared(
  unmatched: ReadonlySet<string>,
  known: ReadonlySet<string>,
  lines: Lines,
  report: Report,
) {
  for (const name of unmatched) {
    if (known.has(name)) continue;
    const match = suggest(name, known);
    const hint = match === undefined ? '' : ` (did you mean ${match}?)`;
    report({ rule: 'UndefinedArgInFrom', lines, detail: `FROM argument '${name}' is not declared${hint}` });
  }
}

/** `FROM --platform` should neither be constant nor say what goes without saying. */
export function checkPlatform(
  { platform, name, lines }: Stage,
  { text, matched, unmatched }: Expansion,
  targetPlatform: string | undefined,
  report: Report,
): void {
  if (matched.size === 1 && matched.has('TARGETPLATFORM') && unmatched.size === 0 && text === targetPlatform) {
    const detail = `Setting platform to predefined ${platform} in FROM is redundant as this is the default behavior`;
    report({ rule: 'RedundantTargetPlatform', lines, detail });
  }
  if (matched.size > 0 || unmatched.size > 0) return;
  const constant = platformOf(text);
  if (!constant || name.includes(constant.os) || name.includes(constant.architecture)) return;
  const detail = `FROM --platform flag should not use constant value ${goQuote(text)}`;
  report({ rule: 'FromPlatformFlagConstDisallowed', lines, detail });
}

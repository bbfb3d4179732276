import type { Report } from '../finding.ts';
import type { Sentence } from '../parse/statement.ts';

/** Checks of the head of a stage as it is written. */
export function checkFrom({ keyword, args, lines }: Sentence, report: Report): void {
  const [, as, name] = args;
  if (args.length === 3 && name !== name!.toLowerCase()) {
    report({ rule: 'StageNameCasing', lines, detail: `Stage name '${name}' should be lowercase` });
  }
  if (args.length >= 3 && !agrees(keyword, as!)) {
    report({ rule: 'FromAsCasing', lines, detail: `'${as}' and '${keyword}' keywords' casing do not match` });
  }
}

/** Mixed case is for another rule. */
function agrees(from: string, as: string): boolean {
  if (from === from.toLowerCase()) return as === as.toLowerCase();
  return from !== from.toUpperCase() || as === as.toUpperCase();
}

export function checkInstruction({ keyword, lines }: Sentence, report: Report): void {
  if (keyword.toUpperCase() !== 'MAINTAINER') return;
  report({
    rule: 'MaintainerDeprecated',
    lines,
    detail: 'Maintainer instruction is deprecated in favor of using label',
  });
}

/** The comment above a definition should describe what it defines. */
export function checkArg(
  instruction: 'FROM' | 'ARG',
  names: readonly string[],
  { comments, lines }: Sentence,
  report: Report,
): void {
  const last = comments.at(-1);
  if (last === undefined || names.length === 0 || names.includes(last.split(' ', 1)[0]!)) return;
  const example = names.length > 1 ? '<arg_key>' : names[0];
  const detail = `Comment for ${instruction} should follow the format: \`# ${example} <description>\``;
  report({ rule: 'InvalidDefinitionDescription', lines, detail });
}

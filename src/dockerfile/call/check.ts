import type { DockerfileError } from '../dockerfile-error.ts';
import type { Finding } from '../finding.ts';
import type { Findings } from '../lint/findings.ts';
import type { Rule } from '../lint/rules.ts';
import { RULES } from '../lint/rules.ts';
import type { Lines } from '../location.ts';
import { mergeLines } from '../location.ts';
import type { LocationDocument } from './documents.ts';
import { locationDocument } from './documents.ts';
import { excerpt } from './excerpt.ts';

/** The answer to `--check`, under BuildKit's names. */
export interface CheckDocument {
  readonly warnings: readonly {
    readonly ruleName: string;
    readonly description?: string;
    readonly url?: string;
    readonly detail?: string;
    readonly location: LocationDocument;
  }[];
  /** Data in base64. */
  readonly sources: readonly { readonly filename: string; readonly data: string; readonly language?: string }[];
  readonly buildError?: { readonly message: string; readonly location: LocationDocument };
}

/** What a check says: findings, and the error that ended it. */
export interface CheckedSource {
  readonly filename: string;
  readonly source: string;
  readonly findings: Findings;
  readonly error?: DockerfileError;
}

export function checkDocument({ filename, source, findings, error }: CheckedSource): CheckDocument {
  return {
    warnings: findings.all.map((finding) => ({ ...warningOf(finding), location: locationDocument([finding.lines]) })),
    sources: [{ filename, language: 'Dockerfile', data: Buffer.from(source).toString('base64') }],
    ...(error && { buildError: { message: error.message, location: errorLocation(error) } }),
  };
}

function errorLocation({ locations }: DockerfileError): LocationDocument {
  return locations.length > 0 ? locationDocument(mergedByLine(locations)) : {};
}

/** Each line is a range of its own, so only doubled lines fall together. */
function mergedByLine(locations: readonly Lines[]): Lines[] {
  return mergeLines(
    locations.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, i) => ({ first: first + i, last: first + i })),
    ),
  );
}

function warningOf({ rule: ruleName, detail }: Finding) {
  const { description, url }: Rule = RULES[ruleName];
  return { ruleName, description, ...(url !== undefined && { url }), detail };
}

/** The text form of the same: findings by line, each with its excerpt. */
export function checkText({ filename, source, findings }: CheckedSource): string {
  const sorted = [...findings.all].sort((a, b) => a.lines.first - b.lines.first);
  return sorted
    .map((finding) => {
      const { ruleName, url, detail } = warningOf(finding);
      const head = `\nWARNING: ${ruleName}${url === undefined ? '' : ` - ${url}`}\n${detail}\n`;
      return head + excerpt(filename, source, [finding.lines]);
    })
    .join('');
}

/** 1 when there is anything to complain about. */
export function checkStatus({ findings, error }: CheckedSource): 0 | 1 {
  return findings.all.length > 0 || error ? 1 : 0;
}

/** A finding in one line, as a build's progress warns of it. */
export function findingLine({ rule, detail, lines }: Finding): string {
  return `${rule}: ${detail}${lines.first > 0 ? ` (line ${lines.first})` : ''}`;
}

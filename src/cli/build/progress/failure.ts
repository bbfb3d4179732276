import { FAILED_STEP, RpcStatus } from '#buildkit';
import type { RpcError } from '#grpc';
import { decode } from '#protobuf';
import type { Step, Warning } from './steps.ts';
import { seconds } from './steps.ts';

const TAIL = 20;
const AROUND = 4;

/** BuildKit sends it as JSON. */
interface Source {
  readonly info?: { readonly filename?: string; readonly data?: string };
  readonly ranges?: readonly { readonly start?: { line?: number }; readonly end?: { line?: number } }[];
}

/** The end of a failed step's output, and the lines of the Dockerfile that it stands in. */
export function failureText(error: RpcError, steps: Iterable<Step>): string {
  const failed = [...steps].find((step) => step.error !== '' && !step.error.endsWith('context canceled'));
  const parts: string[] = [];
  if (failed) {
    const began = failed.started ?? 0;
    const tail = failed.log.slice(-TAIL).map(({ at, text }) => `${seconds(at - began, 3)} ${text}\n`);
    parts.push(`------\n > ${failed.name}:\n${tail.join('')}------\n`);
  }
  const { info, ranges } = sourceOf(error) ?? {};
  if (info) {
    const first = ranges?.[0]?.start?.line ?? 1;
    const text = Buffer.from(info.data ?? '', 'base64').toString();
    parts.push(excerpt(info.filename ?? '', text, first, ranges?.at(-1)?.end?.line || first));
  }
  return parts.join('');
}

/** The image of the files of the step that failed, if one was asked for. */
export function failedStepOf(error: RpcError): string | undefined {
  const found =
    error.details && decode(RpcStatus, error.details).details.find(({ typeUrl }) => typeUrl === FAILED_STEP);
  return found && (JSON.parse(Buffer.from(found.value).toString()) as { image: string }).image;
}

function sourceOf(error: RpcError): Source | undefined {
  if (!error.details) return undefined;
  const { details } = decode(RpcStatus, error.details);
  const found = details.find(({ typeUrl }) => typeUrl.endsWith('errdefs.Source+json'));
  return found && (JSON.parse(Buffer.from(found.value).toString()) as Source);
}

/** Lines of a file with some around them; the meant ones are marked. */
export function excerpt(file: string, text: string, first: number, last: number): string {
  const all = text.split('\n');
  if (first < 1 || first > all.length) return '';
  const lines: string[] = [];
  for (let n = Math.max(1, first - AROUND); n <= Math.min(all.length, last + AROUND); n++) {
    const content = all[n - 1]!;
    if (n === all.length && content === '') continue;
    lines.push(` ${String(n).padStart(3)} | ${n >= first && n <= last ? '>>> ' : '    '}${content}`);
  }
  const rule = '--------------------';
  return `${file}:${first}\n${rule}\n${lines.join('\n')}\n${rule}\n`;
}

/** The warnings of a build, each with its place. */
export function warningsText(warnings: readonly Warning[]): string {
  if (warnings.length === 0) return '';
  const lines = warnings.map(({ short, detail, url, line, file, source }) => {
    const more = detail.length > 0 ? `\n${detail.join('\n')}` : '';
    const where = line === undefined ? '' : `\n${excerpt(file, source, line, line).trimEnd()}`;
    return ` - ${short}${line === undefined ? '' : ` (line ${line})`}${more}${url ? `\nMore info: ${url}` : ''}${where}`;
  });
  const count = warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`;
  return `\n ${count} found:\n${lines.join('\n\n')}\n`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface IgnoreCase {
  readonly name: string;
  readonly text: string;
}

/** What is left of the context, folders with a slash; or the error. */
export type IgnoreFact = readonly string[] | string;

export const EMPTY_FOLDERS: readonly string[] = ['empty', 'src/void'];
export const FILES: readonly string[] = [
  ...['a.txt', 'b.txt', 'é.txt', 'a b.txt', '*.txt', '#x', 'a+(b).txt', '.hidden', 'top.js', 'x.log'],
  ...['src/main.js', 'src/.env', 'src/lib/x.js', 'src/lib/y.js', 'src/lib/deep/x.js', 'src/tmp1', 'src/a.log'],
  ...['node_modules/m/i.js', 'src/node_modules/n.js', 'dist/keep.txt', 'dist/o.js', 'other/lib/x.js', 'other/tmp/t'],
];

export function readIgnoreCases(): IgnoreCase[] {
  const cases: { name: string; end: string; lines: string[] }[] = [];
  for (const line of readFileSync(join(import.meta.dirname, 'ignores.txt'), 'utf8')
    .replace(/\n$/, '')
    .split('\n')) {
    const [heading, name = '', options] = /^=== (.*?)(?: (\{.*\}))?$/.exec(line) ?? [];
    if (heading === undefined) cases.at(-1)!.lines.push(line);
    else cases.push({ name, end: options?.includes('crlf') ? '\r\n' : '\n', lines: [] });
  }
  return cases.map(({ name, end, lines }) => ({ name, text: lines.map((line) => line + end).join('') }));
}

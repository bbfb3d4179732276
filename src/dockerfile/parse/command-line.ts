import type { Escape } from '../ast.ts';
import { cutAtGap, isSpace, trim } from '../white-space.ts';

/** A logical line in its parts; flags are without quotes and escapes. */
export interface Parts {
  readonly keyword: string;
  readonly flags: readonly string[];
  readonly rest: string;
}

export function splitCommand(line: string, token: Escape): Parts {
  const [keyword, behind] = cutAtGap(trim(line));
  if (behind === undefined) return { keyword, flags: [], rest: '' };
  const { flags, rest } = takeFlags(behind, token);
  return { keyword, flags, rest: trim(rest) };
}

/** The words at the beginning that start with `--`; a bare `--` ends them. */
function takeFlags(line: string, token: Escape): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at]!)) at++;
    if (!line.startsWith('--', at)) return { flags, rest: line.slice(at) };
    const { word, end, isQuoted } = flagWord(line, at, token);
    if (word === '--') return { flags, rest: line.slice(end) };
    if (isQuoted || word !== '') flags.push(word);
    at = end;
  }
}

function flagWord(line: string, from: number, token: Escape) {
  let word = '';
  let quote: string | undefined;
  let isQuoted = false;
  let at = from;
  for (; at < line.length; at++) {
    const char = line[at]!;
    if (quote === undefined && isSpace(char)) break;
    if (char === quote) quote = undefined;
    else if (quote === undefined && (char === "'" || char === '"')) {
      quote = char;
      isQuoted = true;
    } else if (char === token) word += line[++at] ?? '';
    else word += char;
  }
  return { word, end: at, isQuoted };
}

import { goQuote } from '#template/quote';
import { refuse } from './dockerfile-error.ts';

// Go's readings of numbers and single-line CSV, with its messages.

/** A decimal number of 32 bits with its sign. */
export function parseInt32(text: string): number {
  const bad = (reason: string) => refuse(`strconv.ParseInt: parsing ${goQuote(text)}: ${reason}`);
  if (!/^[+-]?\d+$/.test(text)) bad('invalid syntax');
  const value = Number(text);
  if (value >= 2 ** 31 || value < -(2 ** 31)) bad('value out of range');
  return value;
}

/** A number without sign in some base, below a limit; undefined when it is none. */
export function parseUnsigned(text: string, base: 8 | 10, limit = 2 ** 32): number | undefined {
  if (!(base === 8 ? /^[0-7]+$/ : /^\d+$/).test(text)) return undefined;
  const value = Number.parseInt(text, base);
  return value < limit ? value : undefined;
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

export function parseBool(text: string): boolean | undefined {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}

/** The fields of one line of CSV. */
export function csvFields(text: string): string[] {
  const line = text.replace(/\r?\n$/, '');
  if (line === '') refuse('EOF');
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const { field, end } = line[at] === '"' ? quotedField(line, at) : bareField(line, at);
    fields.push(field);
    if (end >= line.length) return fields;
    at = end + 1;
    if (at === line.length) return [...fields, ''];
  }
}

function bareField(line: string, from: number): { field: string; end: number } {
  const comma = line.indexOf(',', from);
  const end = comma < 0 ? line.length : comma;
  const field = line.slice(from, end);
  const quote = field.indexOf('"');
  if (quote >= 0) csvError(line, from + quote, 'bare " in non-quoted-field');
  return { field, end };
}

function quotedField(line: string, from: number): { field: string; end: number } {
  let field = '';
  for (let at = from + 1; ; ) {
    const quote = line.indexOf('"', at);
    if (quote < 0) csvError(line, at, 'extraneous or missing " in quoted-field');
    field += line.slice(at, quote);
    const behind = line[quote + 1];
    if (behind === undefined || behind === ',') return { field, end: quote + 1 };
    if (behind !== '"') csvError(line, quote, 'extraneous or missing " in quoted-field');
    field += '"';
    at = quote + 2;
  }
}

function csvError(line: string, at: number, reason: string): never {
  return refuse(`parse error on line 1, column ${Buffer.byteLength(line.slice(0, at)) + 1}: ${reason}`);
}

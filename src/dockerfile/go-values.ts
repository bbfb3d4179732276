import { goQuote } from '#template/quote';
import { refuse } from './dockerfile-error.ts';

// Go's readings of numbers, durations and single-line CSV, with its messages.

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};
const LARGEST_NS = 2 ** 63;

/** A duration such as `1m30s`, in ns. */
export function parseDuration(text: string): number {
  const [, sign, body = ''] = /^([+-]?)(.*)$/s.exec(text)!;
  const bad = () => refuse(`time: invalid duration ${goQuote(text)}`);
  if (body === '0') return 0;
  if (body === '') bad();
  let total = 0;
  for (let rest = body; rest !== ''; ) {
    const [, number = '', unit = ''] = /^(\d+\.?\d*|\.\d+)?([^.\d]*)/.exec(rest)!;
    if (number === '') bad();
    if (unit === '') refuse(`time: missing unit in duration ${goQuote(text)}`);
    if (!Object.hasOwn(UNITS, unit)) refuse(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    total += Math.trunc(Number(number) * UNITS[unit]!);
    if (total >= LARGEST_NS) bad();
    rest = rest.slice(number.length + unit.length);
  }
  return sign === '-' ? -total : total;
}

/** A duration in Go's words: `1m30s`. */
export function formatDuration(ns: number): string {
  if (ns === 0) return '0s';
  const size = Math.abs(ns);
  const sign = ns < 0 ? '-' : '';
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`;
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`;
  const minutes = Math.floor(size / 6e10);
  const seconds = `${decimal(size - minutes * 6e10, 1e9)}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

/** Exact, where a division would round. */
function decimal(value: number, unit: number): string {
  const whole = Math.floor(value / unit);
  const digits = String(Math.round(value - whole * unit))
    .padStart(Math.round(Math.log10(unit)), '0')
    .replace(/0+$/, '');
  return digits === '' ? `${whole}` : `${whole}.${digits}`;
}

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

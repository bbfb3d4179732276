import { parseDuration } from '#template/duration';
import { goQuote } from '#template/quote';
import type { Flag, FlagKind, ReadFlag } from '../command.ts';
import { parseBytes } from '../format/size.ts';

/** A flag's value before any argument. */
export function initialValue(flag: Flag): unknown {
  if (flag.initial !== undefined) return flag.initial;
  switch (flag.kind) {
    case 'bool':
      return false;
    case 'list':
    case 'strings':
    case 'mount':
    case 'network':
    case 'ulimit':
    case 'gpu-request':
      return [];
    case 'map':
    case 'filter':
      return {};
    case 'string':
      return '';
    default:
      return 0;
  }
}

/** Reads one text for a flag; throws with Docker's text. */
export function readFlag(flag: Flag, text: string, before: unknown): unknown {
  return (flag.read ?? readers[flag.kind])(text, before);
}

function integer(bits: number, signed: boolean): ReadFlag {
  const fn = signed ? 'ParseInt' : 'ParseUint';
  return (text) => {
    const body = (signed ? text.replace(/^[+-]/, '') : text).replace(/(?<=[\da-fA-F])_(?=[\da-fA-F])/g, '');
    if (!/^(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/.test(body)) {
      throw new Error(`strconv.${fn}: parsing ${goQuote(text)}: invalid syntax`);
    }
    const plain = body.replace(/^0(?=[0-7])/, '0o');
    const value = BigInt(plain) * (text.startsWith('-') ? -1n : 1n);
    const most = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
    const least = signed ? -most - 1n : 0n;
    if (value > most || value < least) throw new Error(`strconv.${fn}: parsing ${goQuote(text)}: value out of range`);
    return Number(value);
  };
}

/** Reads a bool as Go's strconv.ParseBool. */
export function readBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`);
}

/** Appends to a list. */
export function append(text: string, before: unknown): string[] {
  return [...(before as string[]), text];
}

function csv(text: string, before: unknown): string[] {
  return [...(before as string[]), ...(text === '' ? [] : text.split(','))];
}

function intoMap(text: string, before: unknown): Record<string, string> {
  const [key, value] = cut(text, '=');
  return { ...(before as Record<string, string>), [key]: value };
}

function intoFilter(text: string, before: unknown): Record<string, string[]> {
  const all = before as Record<string, string[]>;
  if (text === '') return all;
  if (!text.includes('=')) throw new Error('bad format of filter (expected name=value)');
  const [key, value] = cut(text, '=');
  const name = key.trim().toLowerCase();
  const values = all[name] ?? [];
  const trimmed = value.trim();
  return { ...all, [name]: values.includes(trimmed) ? values : [...values, trimmed] };
}

/** The text before and after the first separator; the whole and '' when there is none. */
export function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Reads a decimal number of CPUs into 1e-9 CPUs. */
function nanoCpus(text: string): number {
  const rational = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?\d+\/\d+$/.test(text);
  if (!rational) throw new Error(`failed to parse ${text} as a rational number`);
  const [over, under] = text.split('/').map(Number) as [number, number?];
  const nano = (over * 1e9) / (under ?? 1);
  if (Math.abs(nano - Math.round(nano)) > 1e-5) throw new Error('value is too precise');
  return Math.round(nano);
}

const readers: Record<FlagKind, ReadFlag> = {
  bool: readBool,
  string: (text) => text,
  list: append,
  strings: csv,
  map: intoMap,
  int: integer(64, true),
  int64: integer(64, true),
  uint: integer(64, false),
  uint16: integer(16, false),
  duration: parseDuration,
  bytes: parseBytes,
  decimal: nanoCpus,
  filter: intoFilter,
  mount: append,
  network: append,
  ulimit: append,
  'gpu-request': append,
};

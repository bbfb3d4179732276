import { sprint, toJson } from './print.ts';
import { sprintf } from './printf.ts';
import type { Value } from './value.ts';
import { GoMap, isPlainMap, mapEntries, NilPointer, truth, typeName } from './value.ts';

/** A function callable from a template: how many arguments, and what they must be. */
export interface TemplateFunction {
  least: number;
  most: number;
  call(args: Value[]): Value;
}

/** A fault inside a function; the evaluator adds where it was. `plain` texts stand without "error calling". */
export class CallError extends Error {
  readonly plain: boolean;
  constructor(message: string, plain = false) {
    super(message);
    this.plain = plain;
  }
}

function define(least: number, most: number, call: (...args: Value[]) => Value): TemplateFunction {
  return { least, most, call: (args) => call(...args) };
}

function text(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === undefined) throw new CallError('invalid value; expected string', true);
  throw new CallError(`wrong type for value; expected string; got ${typeName(value)}`, true);
}

function whole(value: Value): number {
  if ((typeof value === 'number' && Number.isInteger(value)) || typeof value === 'bigint') return Number(value);
  throw new CallError(`wrong type for value; expected int; got ${typeName(value)}`, true);
}

function strings(value: Value): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  if (value === null) return [];
  throw new CallError(`wrong type for value; expected []string; got ${typeName(value)}`, true);
}

function index(item: Value, ...keys: Value[]): Value {
  if (item === undefined) throw new CallError('index of untyped nil');
  return keys.reduce<Value>(indexOne, item);
}

function indexOne(item: Value, key: Value): Value {
  if (item === undefined || item === null) throw new CallError('index of nil pointer');
  if (Array.isArray(item) || typeof item === 'string') {
    if (typeof key !== 'number' && typeof key !== 'bigint') {
      throw new CallError(`cannot index slice/array with type ${typeName(key)}`);
    }
    const at = Number(key);
    const bytes = typeof item === 'string' ? [...Buffer.from(item)] : item;
    if (at < 0 || at >= bytes.length) {
      throw new CallError(`index out of range: ${at}`);
    }
    return bytes[at];
  }
  if (!(item instanceof GoMap) && !isPlainMap(item)) throw new CallError(`can't index item of type ${typeName(item)}`);
  const wanted = (item instanceof GoMap && item.key) || 'string';
  if (typeof key !== 'string' || wanted !== 'string') {
    throw new CallError(`value has type ${typeName(key)}; should be ${wanted}`);
  }
  const entries = item instanceof GoMap ? item.entries : item;
  return Object.hasOwn(entries, key) ? entries[key] : item instanceof GoMap ? item.zero : undefined;
}

function slice(item: Value, from: Value = 0, to?: Value): Value {
  if (typeof item !== 'string' && !Array.isArray(item))
    throw new CallError(`can't slice item of type ${typeName(item)}`);
  const bytes = typeof item === 'string' ? Buffer.from(item) : item;
  const [start, end] = [whole(from), to === undefined ? bytes.length : whole(to)];
  for (const at of [start, end]) if (at < 0 || at > bytes.length) throw new CallError(`index out of range: ${at}`);
  if (start > end) throw new CallError(`invalid slice index: ${start} > ${end}`);
  return typeof item === 'string' ? Buffer.from(item).subarray(start, end).toString() : item.slice(start, end);
}

function length(item: Value): Value {
  if (typeof item === 'string') return Buffer.byteLength(item);
  if (Array.isArray(item)) return item.length;
  if (item === undefined || item instanceof NilPointer) throw new CallError('len of nil pointer');
  if (item === null) return 0;
  const entries = mapEntries(item);
  if (!entries) throw new CallError(`len of type ${typeName(item)}`);
  return entries.length;
}

type Basic = { kind: 'string' | 'int' | 'float' | 'bool' | 'nil'; value: string | number | bigint | boolean | null };

function basic(value: Value): Basic {
  if (value === undefined || value === null || value instanceof NilPointer) return { kind: 'nil', value: null };
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'boolean') return { kind: 'bool', value };
  if (typeof value === 'bigint') return { kind: 'int', value };
  if (typeof value === 'number') return { kind: Number.isInteger(value) ? 'int' : 'float', value };
  throw new CallError(`non-comparable type ${sprint(value)}: ${typeName(value)}`);
}

function same(first: Value, second: Value): boolean {
  const [a, b] = [basic(first), basic(second)];
  if (a.kind === 'nil' || b.kind === 'nil') return a.kind === b.kind;
  if (a.kind !== b.kind) throw new CallError('incompatible types for comparison');
  return a.kind === 'int' ? BigInt(a.value as number) === BigInt(b.value as number) : a.value === b.value;
}

function less(first: Value, second: Value): boolean {
  const [a, b] = [basic(first), basic(second)];
  if (a.kind === 'nil' || a.kind === 'bool') throw new CallError('invalid type for comparison');
  if (a.kind !== b.kind) throw new CallError('incompatible types for comparison');
  return (a.value as number) < (b.value as number);
}

function equalsAny(first: Value, ...others: Value[]): Value {
  if (others.length === 0) throw new CallError('missing argument for comparison');
  return others.some((other) => same(first, other));
}

function spaced(args: Value[]): string {
  return args.map(sprint).join(' ');
}

/** Go's fmt.Sprint: a space between operands when neither is a string. */
function joined(args: Value[]): string {
  return args.reduce<string>((all, arg, at) => {
    const apart = at > 0 && typeof arg !== 'string' && typeof args[at - 1] !== 'string';
    return all + (apart ? ' ' : '') + sprint(arg);
  }, '');
}

const html: Record<string, string> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\uFFFD',
};

/** Escapes for a JavaScript string; for characters without a short escape. */
function scriptEscape(c: string): string {
  return `\\u${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function truncate(source: Value, size: Value): Value {
  return [...text(source)].length < whole(size) ? text(source) : text(source).slice(0, whole(size));
}

const many = Number.POSITIVE_INFINITY;

/** Functions of every template: Go's own and the ones Docker adds. `and` and `or` are the evaluator's, as they stop early. */
export const functions: Record<string, TemplateFunction> = {
  and: define(1, many, (...args) => args.find((arg) => !truth(arg)) ?? args.at(-1)),
  or: define(1, many, (...args) => args.find(truth) ?? args.at(-1)),
  not: define(1, 1, (value) => !truth(value)),
  eq: define(1, many, equalsAny),
  ne: define(2, 2, (a, b) => !same(a, b)),
  lt: define(2, 2, less),
  le: define(2, 2, (a, b) => less(a, b) || same(a, b)),
  gt: define(2, 2, (a, b) => !(less(a, b) || same(a, b))),
  ge: define(2, 2, (a, b) => !less(a, b)),
  index: define(1, many, index),
  slice: define(1, 4, slice),
  len: define(1, 1, length),
  print: define(0, many, (...args) => joined(args)),
  println: define(0, many, (...args) => `${spaced(args)}\n`),
  printf: define(1, many, (format, ...args) => sprintf(text(format), args)),
  html: define(0, many, (...args) => joined(args).replace(/["'&<>\0]/g, (c) => html[c] ?? c)),
  js: define(0, many, (...args) =>
    joined(args)
      .replace(/[\\'"]/g, '\\$&')
      .replace(/[<>&=\x00-\x1f]/g, scriptEscape),
  ),
  urlquery: define(0, many, (...args) => encodeURIComponent(joined(args)).replaceAll('%20', '+')),
  call: define(1, many, (fn, ...args) => {
    if (typeof fn !== 'function') throw new CallError(`non-function ${sprint(fn)} of type ${typeName(fn)}`);
    return fn(...args);
  }),
  json: define(1, 1, toJson),
  split: define(2, 2, (value, separator) => text(value).split(text(separator))),
  join: define(2, 2, (list, separator) => strings(list).join(text(separator))),
  title: define(1, 1, (value) =>
    text(value).replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before, c) => before + c.toUpperCase()),
  ),
  lower: define(1, 1, (value) => text(value).toLowerCase()),
  upper: define(1, 1, (value) => text(value).toUpperCase()),
  pad: define(3, 3, (source, before, after) =>
    text(source) === '' ? '' : ' '.repeat(whole(before)) + text(source) + ' '.repeat(whole(after)),
  ),
  truncate: define(2, 2, truncate),
};

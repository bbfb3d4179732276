import { invalid } from '#errdefs';
import type { Infer, Schema } from './schema.ts';
import { syntaxError } from './syntax.ts';

/** Where a value sits: the Go type that was asked for, and the keys as the input spells them. */
interface Place {
  readonly root: string;
  readonly keys: readonly string[];
}

/** A number that is not a whole one within ±2^53, kept as it was written. */
class RawNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A number with a fraction or exponent, or of 16 digits and more, needs its source text; outside strings is not checked. */
const UNUSUAL_NUMBER = /\d[.eE]|\d{16}/;
/** How deep a value that no schema describes may be nested (Go: 10,000; nothing real needs it). */
const KEPT_DEPTH = 1000;
const WHOLE = /^-?\d+$/;

/**
 * Decodes JSON text as Go decodes it into the struct that the schema names; `null` gives the zero value. Throws
 * `invalid` with Go's message.
 */
export function decode<S extends Schema>(schema: S, text: string): Infer<S> {
  return read(schema, parse(text), { root: schema.kind === 'object' ? schema.label : '', keys: [] }) as Infer<S>;
}

/** What Go's `var x T` holds. */
export function zero<S extends Schema>(schema: S): Infer<S> {
  return zeroOf(schema) as Infer<S>;
}

/** A JSON value whose unusual numbers are {@link RawNumber}s. */
function parse(text: string): unknown {
  try {
    return UNUSUAL_NUMBER.test(text) ? JSON.parse(text, keepSource) : JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw invalid('exceeded max depth', error);
    throw invalid(syntaxError(text), error);
  }
}

function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number') return value;
  const source = context?.source ?? String(value);
  return WHOLE.test(source) && Number.isSafeInteger(value) ? value : new RawNumber(source);
}

function read(schema: Schema, value: unknown, place: Place): unknown {
  if (value === null || value === undefined) return zeroOf(schema);
  switch (schema.kind) {
    case 'nullable':
    case 'optional':
      return read(schema.item, value, place);
    case 'string':
      return typeof value === 'string' ? value : mismatch(schema, value, place);
    case 'bool':
      return typeof value === 'boolean' ? value : mismatch(schema, value, place);
    case 'int':
      return readInt(schema, value, place);
    case 'float':
      return readFloat(schema, value, place);
    case 'any':
      return plain(value, 0);
    case 'words':
      return readWords(value);
    case 'array':
    case 'tuple':
      return readArray(schema, value, place);
    case 'map':
      return readMap(schema, value, place);
    case 'object':
      return readObject(schema, value, place);
  }
}

function zeroOf(schema: Schema): unknown {
  switch (schema.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int':
    case 'float':
      return 0;
    case 'tuple':
      return Array.from({ length: schema.length }, () => zeroOf(schema.item));
    case 'object':
      return readObject(schema, {}, { root: '', keys: [] });
    default:
      return null;
  }
}

type OfKind<K> = Extract<Schema, { kind: K }>;

function readInt(schema: OfKind<'int'>, value: unknown, place: Place): number {
  const number = typeof value === 'number' ? value : value instanceof RawNumber ? wholeOf(value) : undefined;
  if (number === undefined) return mismatch(schema, value, place);
  // Only numbers that were kept as text can be outside of 64 bits.
  const exact = value instanceof RawNumber ? BigInt(value.text) : BigInt(number);
  return exact >= schema.min && exact <= schema.max ? number : mismatch(schema, new RawNumber(String(exact)), place);
}

function wholeOf({ text }: RawNumber): number | undefined {
  return WHOLE.test(text) ? Number(text) : undefined;
}

function readFloat(schema: OfKind<'float'>, value: unknown, place: Place): number {
  if (value instanceof RawNumber) return Number(value.text);
  return typeof value === 'number' ? value : mismatch(schema, value, place);
}

/** Docker's StrSlice: a list of strings, or one string; its messages do not say where. */
function readWords(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw invalid(`json: cannot unmarshal ${kindOf(value)} into Go value of type string`);
  return value.map((word) => {
    if (word === null) return '';
    if (typeof word === 'string') return word;
    throw invalid('json: cannot unmarshal array into Go value of type string');
  });
}

function readArray(schema: OfKind<'array' | 'tuple'>, value: unknown, place: Place): unknown[] {
  if (!Array.isArray(value)) return mismatch(schema, value, place);
  const items = value.map((item, i) => read(schema.item, item, below(place, String(i))));
  if (schema.kind === 'array') return items;
  while (items.length < schema.length) items.push(zeroOf(schema.item));
  return items.slice(0, schema.length);
}

function readMap(schema: OfKind<'map'>, value: unknown, place: Place): Record<string, unknown> {
  if (!isRecord(value)) return mismatch(schema, value, place);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) set(result, key, read(schema.item, value[key], below(place, key)));
  return result;
}

function readObject(schema: OfKind<'object'>, value: unknown, place: Place): Record<string, unknown> {
  if (!isRecord(value)) return mismatch(schema, value, place);
  const found = new Map<string, unknown>();
  for (const key of Object.keys(value)) {
    const name = Object.hasOwn(schema.fields, key) ? key : schema.lower.get(key.toLowerCase());
    if (name === undefined || (value[key] === null && found.has(name))) continue;
    found.set(name, read(schema.fields[name]!, value[key], below(place, key)));
  }
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(schema.fields)) {
    const field = schema.fields[name]!;
    const decoded = found.has(name) ? found.get(name) : zeroOf(field);
    if (field.kind !== 'optional') result[name] = decoded;
    else if (!isEmpty(field.item, decoded)) result[name] = decoded;
  }
  return result;
}

/** What Go's `omitempty` leaves out; a pointer only when it is nil. */
function isEmpty(schema: Schema, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (schema.kind === 'nullable') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (schema.kind === 'map') return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false;
}

function set(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawNumber);
}

/** The value with its raw numbers made into numbers. */
function plain(value: unknown, depth: number): unknown {
  if (value instanceof RawNumber) return Number(value.text);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > KEPT_DEPTH) throw invalid('exceeded max depth');
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) set(result, key, plain(item, depth + 1));
  return result;
}

const below = ({ root, keys }: Place, key: string): Place => ({ root, keys: [...keys, key] });

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || value instanceof RawNumber) return 'number';
  return typeof value === 'string' ? 'string' : 'object';
}

/** Throws Go's message for a value of the wrong JSON type; a number that is wrong as a number is quoted. */
function mismatch(schema: Schema, value: unknown, { root, keys }: Place): never {
  const quoted = schema.kind === 'int' && value instanceof RawNumber ? ` ${value.text}` : '';
  const what = `json: cannot unmarshal ${kindOf(value)}${quoted} into`;
  if (keys.length === 0) throw invalid(`${what} Go value of type ${schema.go}`);
  const path = keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('.');
  // Go takes a last key that is a number for an index.
  const field = WHOLE.test(keys.at(-1)!) ? '' : 'Go struct field ';
  throw invalid(`${what} ${field}${root}.${path} of type ${schema.go}`);
}

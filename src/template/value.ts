// Values as a template sees them. JSON values stand for themselves; undefined is Go's missing value; what was a struct,
// a typed map or a nil pointer in Docker's Go code keeps that property here, as it decides what is printed.

/** Anything that a template can hold. */
export type Value =
  | undefined
  | null
  | string
  | number
  | bigint
  | boolean
  | Value[]
  | GoStruct
  | GoMap
  | NilPointer
  | Method
  | { [key: string]: Value };

/** A method with arguments, such as `.Label "x"`. */
export type Method = (...args: Value[]) => Value;

/** A Go struct: named fields in order, none but these; `raw` is what `json` shows of it. */
export class GoStruct {
  readonly type: string;
  readonly fields: Record<string, Value>;
  readonly raw: unknown;
  constructor(type: string, fields: Record<string, Value>, raw: unknown) {
    this.type = type;
    this.fields = fields;
    this.raw = raw;
  }
}

/** A Go map whose element type is known, so that a missing key indexes to its zero value. */
export class GoMap {
  readonly type: string;
  readonly entries: Record<string, Value>;
  readonly zero: Value;
  readonly raw: unknown;
  /** The type of its keys, where that isn't string. */
  readonly key: string | undefined;
  constructor(type: string, entries: Record<string, Value>, zero: Value, raw: unknown, key?: string) {
    this.type = type;
    this.entries = entries;
    this.zero = zero;
    this.raw = raw;
    this.key = key;
  }
}

/** A nil pointer to a struct of a known type. */
export class NilPointer {
  readonly type: string;
  constructor(type: string) {
    this.type = type;
  }
  toJSON(): null {
    return null;
  }
}

/** The entries of a map value, sorted by key as Go ranges and prints them; undefined when it is no map. */
export function mapEntries(value: Value): [string, Value][] | undefined {
  const record = value instanceof GoMap ? value.entries : isPlainMap(value) ? value : undefined;
  return record && Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Whether the value is a map without a known type, as decoded from JSON. */
export function isPlainMap(value: Value): value is { [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isGo(value);
}

function isGo(value: object): boolean {
  return value instanceof GoStruct || value instanceof GoMap || value instanceof NilPointer;
}

/** Go's notion of truth in `if`, `with`, `and`, `or`, `not`. */
export function truth(value: Value): boolean {
  if (value === undefined || value === null || value instanceof NilPointer) return false;
  if (typeof value === 'object') {
    if (value instanceof GoStruct) return true;
    return Array.isArray(value) ? value.length > 0 : (mapEntries(value)?.length ?? 0) > 0;
  }
  return typeof value === 'function' || Boolean(value);
}

/** The name of the value's Go type, as error texts show it. */
export function typeName(value: Value): string {
  if (value === undefined || value === null) return 'interface {}';
  if (value instanceof GoStruct || value instanceof GoMap || value instanceof NilPointer) return value.type;
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float64';
    case 'bigint':
      return 'int64';
    default:
      return 'map[string]interface {}';
  }
}

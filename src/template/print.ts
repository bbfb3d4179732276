import type { Value } from './value.ts';
import { GoMap, GoStruct, mapEntries, NilPointer } from './value.ts';

/** The value as an action writes it (Go's %v; a missing value is `<no value>`). */
export function printValue(value: Value): string {
  return value === undefined || value === null ? '<no value>' : sprint(value);
}

/** Go's fmt.Sprint of one value. */
export function sprint(value: Value): string {
  if (value === undefined || value === null || value instanceof NilPointer) return '<nil>';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(sprint).join(' ')}]`;
  if (value instanceof GoStruct) return `{${Object.values(value.fields).map(sprint).join(' ')}}`;
  const entries = mapEntries(value);
  if (entries) return `map[${entries.map(([key, item]) => `${key}:${sprint(item)}`).join(' ')}]`;
  return String(value);
}

/** The value as Docker's `json` function writes it: maps sorted by key, structs in their own order. */
export function toJson(value: Value): string {
  if (value === undefined || value === null || value instanceof NilPointer || typeof value === 'function')
    return 'null';
  if (value instanceof GoMap) return plainJson(sorted(value.raw));
  if (value instanceof GoStruct) return plainJson(value.raw);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  const entries = mapEntries(value);
  if (entries) return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${toJson(item)}`).join(',')}}`;
  return typeof value === 'bigint' ? String(value) : plainJson(value);
}

/** Go writes the keys of a map in their order. */
function sorted(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function plainJson(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'toGoJson' in value)
    return (value as { toGoJson(): string }).toGoJson();
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(plainJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${plainJson(item)}`).join(',')}}`;
  }
  return (JSON.stringify(value) ?? 'null').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

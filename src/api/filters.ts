import { setFlagsFromString } from 'node:v8';
import { invalid } from '#errdefs';

/** Values by key, as `filters=` gives them; a key may have none. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** What both forms of `filters=` say: `{"label":{"a=b":true}}` and the old `{"label":["a=b"]}`. '' is no filter. */
export function parseFilters(text: string): Filters {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid('invalid filter', error);
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('invalid filter');
  return Object.fromEntries(Object.entries(value).map(([key, values]) => [key, valuesOf(values)]));
}

/** Docker: in the new form a value counts also when it is false. */
function valuesOf(values: unknown): string[] {
  if (values === null) return [];
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
  if (typeof values === 'object' && !Array.isArray(values)) {
    const words = Object.entries(values!);
    if (words.every(([, on]) => typeof on === 'boolean')) return words.map(([word]) => word);
  }
  throw invalid('invalid filter');
}

/** Throws `invalid filter 'x'` for the first key that is not in the list. */
export function checkFilters(filters: Filters, accepted: readonly string[]): void {
  for (const key of Object.keys(filters)) if (!accepted.includes(key)) throw invalid(`invalid filter '${key}'`);
}

/** The values of a key; none when it is not given. */
export const filterValues = (filters: Filters, key: string): readonly string[] =>
  Object.hasOwn(filters, key) ? filters[key]! : [];

/** Whether the labels carry all of `key` or `key=value`. */
export function matchesLabels(wanted: readonly string[], labels: Readonly<Record<string, string>> | null): boolean {
  return wanted.every((label) => {
    const at = label.indexOf('=');
    const key = at < 0 ? label : label.slice(0, at);
    return labels !== null && Object.hasOwn(labels, key) && (at < 0 || labels[key] === label.slice(at + 1));
  });
}

/** Whether no value is wanted, or the source is equal to, begins with, or matches as a regular expression one of them. */
export function matchesFuzzy(wanted: readonly string[], source: string): boolean {
  return wanted.length === 0 || wanted.some((value) => source.startsWith(value)) || matchesPattern(wanted, source);
}

/** Whether no value is wanted, or one of them is in the source as text or as a regular expression (Docker's Match). */
export function matchesPattern(wanted: readonly string[], source: string): boolean {
  if (wanted.length === 0) return true;
  return wanted.some((value) => value === source || expression(value)?.test(source) === true);
}

/** Whether no value is wanted, or the source is one of them. */
export const matchesExactly = (wanted: readonly string[], source: string): boolean =>
  wanted.length === 0 || wanted.includes(source);

/** Whether the value of a boolean filter is `true`; `missing` when it is not given. */
export function booleanFilter(filters: Filters, key: string, missing: boolean): boolean {
  if (!Object.hasOwn(filters, key)) return missing;
  const values = filterValues(filters, key);
  const isTrue = values.includes('1') || values.includes('true');
  const isFalse = values.includes('0') || values.includes('false');
  if (isTrue === isFalse) throw invalid(`invalid filter '${key}=[${values.join(' ')}]'`);
  return isTrue;
}

const LONGEST_PATTERN = 1000;

/**
 * A pattern of the user, or nothing when it is not one. V8's engine of linear time takes what Go's takes, and no pattern
 * keeps it busy for long; the usual one can be kept busy for ever.
 */
function expression(pattern: string): RegExp | undefined {
  if (pattern.length > LONGEST_PATTERN) return undefined;
  setFlagsFromString('--enable-experimental-regexp-engine');
  try {
    return new RegExp(pattern, 'l');
  } catch {
    return undefined;
  }
}

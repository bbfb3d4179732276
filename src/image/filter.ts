import type { Filters } from '#api';
import { booleanFilter, checkFilters, filterValues, matchesLabels, parseTimestamp } from '#api';
import { EngineError, internal } from '#errdefs';
import { familiarName, familiarString, parseReference } from '#oci';
import { parseDuration } from '#template/duration';
import { matchesGlob } from './glob.ts';
import type { ImageRecord } from './record.ts';

const LIST = ['before', 'dangling', 'label', 'reference', 'since', 'until'];

/** Which images a list shows, and which of their names. */
export interface ListFilter {
  readonly dangling: boolean | undefined;
  accepts(image: ImageRecord): boolean;
  /** With a filter on references: those names that match it. */
  names(names: readonly string[]): string[];
  readonly byName: boolean;
}

/** Judges the filters of `GET /images/json`, with Docker's messages. `find` resolves what before and since name. */
export function listFilter(filters: Filters, find: (name: string) => ImageRecord, now: bigint): ListFilter {
  checkFilters(filters, LIST);
  const dangling = Object.hasOwn(filters, 'dangling') ? booleanFilter(filters, 'dangling', false) : undefined;
  const before = earliest([
    ...filterValues(filters, 'before').map((name) => find(name).listed),
    ...filterValues(filters, 'until').map((text) => untilTime(text, now)),
  ]);
  const since = latest(filterValues(filters, 'since').map((name) => find(name).listed));
  const labels = filterValues(filters, 'label');
  const patterns = filterValues(filters, 'reference');
  const accepts = ({ listed, config }: ImageRecord): boolean => {
    if (before !== undefined && !(listed !== undefined && listed < before)) return false;
    if (since !== undefined && !(listed !== undefined && listed > since)) return false;
    return matchesLabels(labels, config.config.Labels);
  };
  const names = (all: readonly string[]) =>
    patterns.length === 0 ? [...all] : all.filter((name) => patterns.some((pattern) => matchesName(pattern, name)));
  return { dangling, accepts, names, byName: patterns.length > 0 };
}

/** Docker: the pattern is for the familiar form, with tag or without. */
function matchesName(pattern: string, name: string): boolean {
  const reference = parseReference(name);
  return matchesGlob(pattern, familiarString(reference)) || matchesGlob(pattern, familiarName(reference));
}

/** A point in time (RFC 3339, a date, seconds since the epoch) or how long ago, as `until=` has it, in ns. */
export function untilTime(text: string, now: bigint): bigint {
  const ago = durationOf(text);
  if (ago !== undefined) return now - ago;
  const time = parseInstant(text);
  if (time !== undefined) return time;
  // Docker answers 500 here.
  throw internal(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

const LONGEST_DURATION = 64;

/** A Go duration (`1h30m`) in ns; undefined when it is none. */
function durationOf(text: string): bigint | undefined {
  if (text.length > LONGEST_DURATION) return undefined;
  try {
    return BigInt(parseDuration(text));
  } catch {
    return undefined;
  }
}

function parseInstant(text: string): bigint | undefined {
  if (/^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?Z?$/.test(text)) {
    const full = text.replace(/^(\d{4}-\d\d-\d\dT\d\d)(?=Z|[+-]|$)/, '$1:00');
    const time = Date.parse(full);
    return Number.isNaN(time) ? undefined : BigInt(time) * 1_000_000n;
  }
  try {
    return parseTimestamp(text);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

function earliest(times: readonly (bigint | undefined)[]): bigint | undefined {
  return ascending(times)[0];
}

function latest(times: readonly (bigint | undefined)[]): bigint | undefined {
  return ascending(times).at(-1);
}

function ascending(times: readonly (bigint | undefined)[]): bigint[] {
  return times.filter((time) => time !== undefined).sort((a, b) => (a < b ? -1 : 1));
}

import type { Filters } from '#api';
import { booleanFilter, checkFilters, filterValues, matchesExactly, matchesLabels, matchesPattern } from '#api';
import { invalid } from '#errdefs';
import type { VolumeRecord } from './store.ts';

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];
export const ANONYMOUS = 'com.docker.volume.anonymous';

/** Which volumes a list shows; `isUsed` is asked only for a filter on dangling ones. */
export function listFilter(filters: Filters, isUsed: (name: string) => boolean): (volume: VolumeRecord) => boolean {
  checkFilters(filters, ['dangling', 'driver', 'label', 'name']);
  const dangling = Object.hasOwn(filters, 'dangling') ? booleanFilter(filters, 'dangling', false) : undefined;
  return ({ name, labels }) =>
    matchesPattern(filterValues(filters, 'name'), name) &&
    matchesExactly(filterValues(filters, 'driver'), 'local') &&
    matchesLabels(filterValues(filters, 'label'), labels) &&
    (dangling === undefined || dangling !== isUsed(name));
}

/**
 * Which unused volumes a prune takes: anonymous ones, with `all` named ones too. Docker: never one with driver options,
 * for what they name is not the engine's.
 */
export function pruneFilter(filters: Filters): (volume: VolumeRecord) => boolean {
  checkFilters(filters, ['all', 'label', 'label!']);
  const all = strictBoolean(filterValues(filters, 'all'));
  return ({ labels, options }) => {
    if (options !== null) return false;
    if (!all && !(labels && Object.hasOwn(labels, ANONYMOUS))) return false;
    if (!matchesLabels(filterValues(filters, 'label'), labels)) return false;
    const unwanted = filterValues(filters, 'label!');
    return unwanted.length === 0 || !matchesLabels(unwanted, labels);
  };
}

function strictBoolean(values: readonly string[]): boolean {
  const [value = 'false', ...more] = values;
  if (more.length > 0) throw invalid("invalid filter 'all': only one value is expected");
  if (TRUE.includes(value)) return true;
  if (FALSE.includes(value)) return false;
  throw invalid(`invalid filter 'all': strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
}

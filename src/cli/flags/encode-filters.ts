/** Filters as the API takes them, each value a key; undefined when there are none. */
export function encodeFilters(filters: Record<string, string[]>): string | undefined {
  const names = Object.keys(filters);
  if (names.length === 0) return undefined;
  const sets = names
    .sort()
    .map((name) => [name, Object.fromEntries((filters[name] ?? []).map((value) => [value, true]))]);
  return JSON.stringify(Object.fromEntries(sets));
}

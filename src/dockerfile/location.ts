/** Lines of a source, counted from 1, both ends included. Zero is before the first line, as Docker counts some errors. */
export interface Lines {
  readonly first: number;
  readonly last: number;
}

/** Lines in order, those that touch by a shared line joined. */
export function mergeLines(all: readonly Lines[]): Lines[] {
  const merged: Lines[] = [];
  for (const next of [...all].sort((a, b) => a.first - b.first)) {
    const current = merged.at(-1);
    if (current && next.first <= current.last) {
      merged[merged.length - 1] = { first: current.first, last: Math.max(current.last, next.last) };
    } else merged.push(next);
  }
  return merged;
}

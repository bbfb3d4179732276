import type { Lines } from '../location.ts';

/** Locations as BuildKit writes them in JSON: a range for each line, zeros left out. */
export interface LocationDocument {
  readonly sourceIndex?: number;
  readonly ranges?: readonly { readonly start: Position; readonly end: Position }[];
}

interface Position {
  readonly line?: number;
}

export function locationDocument(all: readonly Lines[]): LocationDocument {
  const ranges = all.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i) => ({ start: position(first + i), end: position(first + i) })),
  );
  return ranges.length > 0 ? { ranges } : {};
}

function position(line: number): Position {
  return line === 0 ? {} : { line };
}

/** Columns as wide as their widest cell and some spaces, the last one as it is. */
export function columns(rows: readonly (readonly string[])[], gap: number): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => [...row[i]!].length)) + gap);
  return rows
    .map((row) => `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('')}\n`)
    .join('');
}

// Text in columns as Go's text/tabwriter lays it out with Docker's settings: at least 10 wide, 3 blanks between.

const leastWidth = 10;
const padding = 3;

/** Lays out lines whose cells end in tabs; the last cell of a line belongs to no column. */
export function layOut(text: string, minWidth = leastWidth): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  measure({ lines, widths, minWidth }, 0, lines.length, 0);
  return lines.map((cells, at) => cells.map((cell, column) => padCell(cell, widths[at]?.[column])).join('')).join('\n');
}

interface Table {
  lines: string[][];
  widths: number[][];
  minWidth: number;
}

/** A column is a run of lines that all have a cell there ended by a tab; each run gets a width of its own. */
function measure(table: Table, from: number, to: number, column: number): void {
  const { lines, widths, minWidth } = table;
  let at = from;
  while (at < to) {
    if (!hasColumn(lines[at], column)) {
      at += 1;
      continue;
    }
    let end = at;
    let width = minWidth;
    while (end < to && hasColumn(lines[end], column)) {
      width = Math.max(width, length(lines[end]?.[column] ?? '') + padding);
      end += 1;
    }
    for (let line = at; line < end; line += 1) (widths[line] as number[])[column] = width;
    measure(table, at, end, column + 1);
    at = end;
  }
}

function hasColumn(cells: string[] | undefined, column: number): boolean {
  return cells !== undefined && column < cells.length - 1;
}

function padCell(cell: string, width: number | undefined): string {
  return width === undefined ? cell : cell + ' '.repeat(width - length(cell));
}

function length(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...text].length;
}

import type { Lines } from '../location.ts';

/** The lines around some lines of a source, those marked, as `docker build` shows them. Empty when there are none. */
export function excerpt(filename: string, source: string, marked: readonly Lines[]): string {
  if (marked.length === 0) return '';
  const lines = source.split('\n');
  const first = Math.min(...marked.map((range) => range.first));
  const last = Math.min(lines.length, Math.max(...marked.map((range) => range.last)));
  if (first > lines.length || first < 1) return '';
  const { start, end } = padded(first, last, lines.length);
  const shown = lines.slice(start - 1, end).map((line, i) => {
    const number = start + i;
    const isMarked = marked.some((range) => range.first <= number && number <= range.last);
    return ` ${String(number).padStart(3)} | ${isMarked ? '>>>' : '   '} ${line}\n`;
  });
  return `${filename}:${first}\n--------------------\n${shown.join('')}--------------------\n`;
}

function padded(first: number, last: number, total: number): { start: number; end: number } {
  const wanted = first === last ? 4 : 2;
  let [start, end] = [first, last];
  for (let have = 0; have < wanted; have++) {
    if (start > 1) {
      start--;
      have++;
    }
    if (end !== total) {
      end++;
      have++;
    }
  }
  return { start, end };
}

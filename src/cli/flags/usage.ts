import type { Flag } from '../command.ts';

/** The lines of help on flags, wrapped to `columns` as pflag wraps them. */
export function flagUsages(flags: readonly Flag[], columns: number): string {
  const rows = flags.filter((flag) => !flag.hidden).map((flag) => [left(flag), right(flag)] as const);
  const width = Math.max(0, ...rows.map(([text]) => text.length + 1));
  return rows
    .map(([text, usage]) => `${text} ${' '.repeat(width - text.length)} ${wrap(width + 2, columns, usage)}\n`)
    .join('');
}

function left(flag: Flag): string {
  const names = flag.short ? `  -${flag.short}, --${flag.name}` : `      --${flag.name}`;
  const holds = flag.holds ?? (flag.kind === 'bool' ? '' : flag.kind);
  return holds ? `${names} ${holds}` : names;
}

function right(flag: Flag): string {
  return flag.shown === undefined ? flag.usage : `${flag.usage} (default ${flag.shown})`;
}

// A word too many for the line may stand over its end by this much, so that the last line isn't an orphan.
const slop = 5;
const leastWidth = 24;

function wrap(indent: number, columns: number, text: string): string {
  let margin = indent;
  let result = '';
  if (columns - margin < leastWidth) {
    margin = 16;
    result = `\n${' '.repeat(margin)}`;
  }
  const width = columns - margin - slop;
  const newline = `\n${' '.repeat(margin)}`;
  if (columns - margin < leastWidth) return text.replaceAll('\n', result);
  const lines: string[] = [];
  for (let rest = text; rest !== '' || lines.length === 0; ) {
    const [line, after] = cutLine(width, rest);
    lines.push(line.replaceAll('\n', newline));
    rest = after;
  }
  return result + lines.join(newline);
}

function cutLine(width: number, text: string): [string, string] {
  if (width + slop > text.length) return [text, ''];
  const head = text.slice(0, width);
  const space = Math.max(head.lastIndexOf(' '), head.lastIndexOf('\t'), head.lastIndexOf('\n'));
  if (space <= 0) return [text, ''];
  const newline = head.lastIndexOf('\n');
  const at = newline > 0 && newline < space ? newline : space;
  return [text.slice(0, at), text.slice(at + 1)];
}

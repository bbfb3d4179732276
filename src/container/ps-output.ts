import type { TopResponse } from '#api';
import { internal } from '#errdefs';

/** Refuses to call another column PID: by that name the processes are told apart. */
export function assertPsWords(words: string): void {
  for (const [, name, title] of words.matchAll(/\s+([^\s]*)=\s*(PID[^\s]*)/g)) {
    if (name !== 'pid') throw internal(`specifying "${name}=${title}" is not allowed`);
  }
}

/** The lines of `ps` about these processes; a line without a pid belongs to the one before (threads). */
export function parsePsOutput(output: string, pids: ReadonlySet<number>): TopResponse {
  const [head = '', ...lines] = output.split('\n');
  const Titles = fields(head);
  const column = Titles.indexOf('PID');
  if (column < 0) throw internal("Couldn't find PID field in ps output");
  const Processes: string[][] = [];
  let isOurs = false;
  for (const line of lines) {
    if (line === '') continue;
    const cells = fields(line);
    const pid = cells[column] ?? '';
    if (pid !== '-') isOurs = pids.has(toPid(pid));
    if (isOurs) Processes.push(fitted(cells, Titles.length));
  }
  return { Processes, Titles };
}

function toPid(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw internal(`Unexpected pid '${text}': strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

/** Docker: separated by the blanks of ASCII only. */
const fields = (line: string): string[] => line.split(/[\t\n\v\f\r ]+/).filter((field) => field !== '');

/** The last column takes all that is left. */
const fitted = (cells: string[], count: number): string[] => [
  ...cells.slice(0, count - 1),
  cells.slice(count - 1).join(' '),
];

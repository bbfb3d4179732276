import { constants } from 'node:os';
import { invalid } from '#errdefs';

const RTMIN = 34;
const RTMAX = 64;
const SIGKILL = 9;
const SIGTERM = 15;

export { SIGKILL, SIGTERM };

const numbers = new Map<string, number>(
  Object.entries(constants.signals).map(([name, number]) => [name.slice(3), number]),
);
numbers.set('CLD', numbers.get('CHLD')!);
for (let n = RTMIN; n <= RTMAX; n++) {
  if (n - RTMIN <= 15) numbers.set(n === RTMIN ? 'RTMIN' : `RTMIN+${n - RTMIN}`, n);
  if (RTMAX - n <= 14) numbers.set(n === RTMAX ? 'RTMAX' : `RTMAX-${RTMAX - n}`, n);
}

/** The number of `SIGHUP`, `HUP`, `1` or `RTMIN+3`, in any case. */
export function parseSignal(text: string): number {
  if (/^[+-]?\d+$/.test(text)) {
    const number = Number(text);
    if (number === 0) throw invalid(`invalid signal: ${text}`);
    return number;
  }
  const number = numbers.get(text.toUpperCase().replace(/^SIG/, ''));
  if (number === undefined) throw invalid(`invalid signal: ${text}`);
  return number;
}

/** Refuses a number that is no signal of Linux. */
export function assertSignal(number: number): void {
  if (![...numbers.values()].includes(number)) throw invalid(`the linux daemon does not support signal ${number}`);
}

// Go's durations, in ns.

import { goQuote } from './quote.ts';

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};
const LARGEST_NS = 2 ** 63;

/** Reads a duration such as `1m30s` into ns, as Go's time.ParseDuration; throws with its text. */
export function parseDuration(text: string): number {
  const [, sign, body = ''] = /^([+-]?)(.*)$/s.exec(text)!;
  const bad = () => new Error(`time: invalid duration ${goQuote(text)}`);
  if (body === '0') return 0;
  if (body === '') throw bad();
  let total = 0;
  for (let rest = body; rest !== ''; ) {
    const [, number = '', unit = ''] = /^(\d+\.?\d*|\.\d+)?([^.\d]*)/.exec(rest)!;
    if (number === '') throw bad();
    if (unit === '') throw new Error(`time: missing unit in duration ${goQuote(text)}`);
    if (!Object.hasOwn(UNITS, unit))
      throw new Error(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    total += Math.trunc(Number(number) * UNITS[unit]!);
    if (total >= LARGEST_NS) throw bad();
    rest = rest.slice(number.length + unit.length);
  }
  return sign === '-' ? -total : total;
}

/** A duration in Go's words: `1m30s`. */
export function formatDuration(ns: number): string {
  if (ns === 0) return '0s';
  const size = Math.abs(ns);
  const sign = ns < 0 ? '-' : '';
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`;
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`;
  const minutes = Math.floor(size / 6e10);
  const seconds = `${decimal(size - minutes * 6e10, 1e9)}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

/** Exact, where a division would round. */
function decimal(value: number, unit: number): string {
  const whole = Math.floor(value / unit);
  const digits = String(Math.round(value - whole * unit))
    .padStart(Math.round(Math.log10(unit)), '0')
    .replace(/0+$/, '');
  return digits === '' ? `${whole}` : `${whole}.${digits}`;
}

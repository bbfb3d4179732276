// Durations: Go's parser (ns as a number) and Docker's words for them.

import { goQuote } from '#template/quote';

const unitNanoseconds: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Reads a duration such as `1m30s` into ns, as Go's time.ParseDuration; throws with its text. */
export function parseDuration(text: string): number {
  const negative = text.startsWith('-');
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  if (rest === '') throw new Error(`time: invalid duration ${goQuote(text)}`);
  let total = 0;
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) throw new Error(`time: invalid duration ${goQuote(text)}`);
    rest = rest.slice(number.length);
    const unit = /^[^\d.]+/.exec(rest)?.[0];
    if (unit === undefined) throw new Error(`time: missing unit in duration ${goQuote(text)}`);
    const size = unitNanoseconds[unit];
    if (size === undefined) throw new Error(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    total += Number(number) * size;
    rest = rest.slice(unit.length);
  }
  return (negative ? -1 : 1) * Math.trunc(total);
}

/** A duration in ns as Go's Duration.String: `1m30s`, `1.5s`, `250ms`. */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  const sign = nanoseconds < 0 ? '-' : '';
  const size = Math.abs(nanoseconds);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${size / 1e3}µs`;
  if (size < 1e9) return `${sign}${size / 1e6}ms`;
  const hours = Math.trunc(size / 3600e9);
  const minutes = Math.trunc(size / 60e9) % 60;
  const seconds = `${Number(((size % 60e9) / 1e9).toFixed(9))}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

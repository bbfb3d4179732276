import { invalid } from '#errdefs';
import { parseNano } from './timestamps.ts';

const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };

/**
 * The moment that an `until` filter means, in ns since the epoch: a time, or a duration before now. Throws Docker's error.
 */
export function parseUntil(text: string): bigint {
  const time = parseNano(text) ?? parseNano(`${text}Z`) ?? parseNano(`${text}T00:00:00Z`);
  if (time !== undefined) return time;
  if (/^\d+(\.\d+)?$/.test(text)) return BigInt(Math.floor(Number(text) * 1000)) * 1_000_000n;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw invalid(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  }
  const seconds = parts.reduce((sum, [, number, unit]) => sum + Number(number) * SECONDS[unit!]!, 0);
  return BigInt(Math.floor(Date.now() - seconds * 1000)) * 1_000_000n;
}

import { formatTime, ZERO_TIME } from '#api';

let offset = 0;

/** Wall clock in ns since the epoch, finer than a millisecond; follows jumps of the system clock. */
export function nowNano(): bigint {
  const wall = Date.now();
  const fine = performance.timeOrigin + performance.now() + offset;
  const drift = wall - fine;
  if (drift > 2 || drift < -2) offset += drift;
  const now = drift > 2 || drift < -2 ? wall : fine;
  return BigInt(Math.floor(now * 1000)) * 1000n;
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Nanoseconds since the epoch of an RFC 3339 time; undefined when it is none. */
export function parseNano(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const millis = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(millis)) return undefined;
  return BigInt(millis) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** The present as RFC 3339 with nanoseconds. */
export function nowText(): string {
  return formatTime(nowNano());
}

/** Milliseconds from an RFC 3339 time until now; 0 for {@link ZERO_TIME}. */
export function millisSince(text: string): number {
  const nano = text === ZERO_TIME ? undefined : parseNano(text);
  return nano === undefined ? 0 : Math.max(0, Date.now() - Number(nano / 1_000_000n));
}

import { formatTime, parseNano, ZERO_TIME } from '#api';

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

/** The present as RFC 3339 with nanoseconds. */
export function nowText(): string {
  return formatTime(nowNano());
}

/** Milliseconds from an RFC 3339 time until now; 0 for {@link ZERO_TIME}. */
export function millisSince(text: string): number {
  const nano = text === ZERO_TIME ? undefined : parseNano(text);
  return nano === undefined ? 0 : Math.max(0, Date.now() - Number(nano / 1_000_000n));
}

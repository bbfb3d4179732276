import { formatTime } from './timestamps.ts';

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

import { formatTime } from '#api';

let last = 0n;

/** The wall clock in ns since the epoch; never the same twice, as tags and images are ordered by it. */
export function nowNanos(): bigint {
  const now = BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
  last = now > last ? now : last + 1n;
  return last;
}

/** {@link nowNanos} as RFC 3339 with nanoseconds. */
export function nowText(): string {
  return formatTime(nowNanos());
}

import { formatTime, nowNano } from '#api';

let last = 0n;

/** The present in ns since the epoch; never the same twice, as tags and images are ordered by it. */
export function nowNanos(): bigint {
  const now = nowNano();
  last = now > last ? now : last + 1n;
  return last;
}

/** {@link nowNanos} as RFC 3339 with nanoseconds. */
export function nowText(): string {
  return formatTime(nowNanos());
}

import { parseNano, ZERO_TIME } from '#api';

/** Milliseconds from an RFC 3339 time until now; 0 for {@link ZERO_TIME}. */
export function millisSince(text: string): number {
  const nano = text === ZERO_TIME ? undefined : parseNano(text);
  return nano === undefined ? 0 : Math.max(0, Date.now() - Number(nano / 1_000_000n));
}

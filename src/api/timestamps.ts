import { invalid } from '#errdefs';

/** What Docker prints for "never". */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** Times are 64-bit numbers everywhere: what lies beyond the year 2261 is that year. */
const FARTHEST = 9_200_000_000_000_000_000n;
const LARGEST = 2n ** 63n - 1n;

/**
 * A time of a query, seconds with a fraction (`1700000000.000000001`, also negative), in ns since the epoch; '' and `0`
 * are undefined. Throws what Go's ParseInt says.
 */
export function parseTimestamp(text: string): bigint | undefined {
  if (text === '' || text === '0') return undefined;
  const dot = text.indexOf('.');
  const seconds = dot < 0 ? text : text.slice(0, dot);
  const fraction = dot < 0 ? '' : text.slice(dot + 1);
  const whole = parseInteger(seconds);
  const nanos = fraction === '' ? 0n : parseInteger(fraction);
  // Docker: the fraction is padded or cut by its number of digits, and always added.
  const scaled =
    fraction.length > 9 ? nanos / 10n ** BigInt(fraction.length - 9) : nanos * 10n ** BigInt(9 - fraction.length);
  const time = whole * 1_000_000_000n + scaled;
  return time > FARTHEST ? FARTHEST : time < -FARTHEST ? -FARTHEST : time;
}

function parseInteger(text: string): bigint {
  const isNumber = /^[+-]?\d+$/.test(text);
  const value = isNumber && text.length <= 20 ? BigInt(text.startsWith('+') ? text.slice(1) : text) : undefined;
  if (value !== undefined && value <= LARGEST && value >= -LARGEST) return value;
  const reason = isNumber ? 'value out of range' : 'invalid syntax';
  throw invalid(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${reason}`);
}

/** RFC 3339 with nine digits, as logs have it: `2006-01-02T15:04:05.000000000Z`. */
export function formatNanos(nanos: bigint): string {
  const seconds = nanos / 1_000_000_000n;
  const rest = nanos % 1_000_000_000n;
  const isEarly = rest < 0n;
  const date = new Date(Number(isEarly ? seconds - 1n : seconds) * 1000).toISOString();
  return `${date.slice(0, 19)}.${String(isEarly ? rest + 1_000_000_000n : rest).padStart(9, '0')}Z`;
}

/** RFC 3339 as Go's RFC3339Nano prints it: without zeros at the end of the fraction. */
export function formatTime(nanos: bigint): string {
  return formatNanos(nanos).replace(/\.?0*Z$/, 'Z');
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

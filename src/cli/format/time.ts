import { parseDuration } from '#template/duration';

// Times as Go prints and reads them, in the machine's time zone.

const two = (n: number) => String(n).padStart(2, '0');

/** A time as Go's Time.String: `2026-11-21 08:11:50 +0000 UTC`. */
export function goTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const [day, clock] = parts(date);
  return `${day} ${clock} ${offset(date).replace(':', '')} ${zoneName(date)}`;
}

/** A time as RFC 3339, with nanoseconds when given: `2026-11-21T08:11:50.651828660Z`. */
export function rfc3339(seconds: number, nanoseconds?: number): string {
  const date = new Date(seconds * 1000);
  const [day, clock] = parts(date);
  const fraction = nanoseconds === undefined ? '' : `.${String(nanoseconds).padStart(9, '0')}`;
  return `${day}T${clock}${fraction}${offset(date) === '+00:00' ? 'Z' : offset(date)}`;
}

/** A time as Go's time.ANSIC: `Fri May 30 12:07:14 2025`, in UTC unless `local`. */
export function ansic(date: Date): string {
  const [weekday, month, day, year] = date
    .toUTCString()
    .replace(',', '')
    .split(' ')
    .toSpliced(1, 2, date.toUTCString().slice(8, 11), String(date.getUTCDate()).padStart(2, ' '));
  return `${weekday} ${month} ${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${year}`;
}

function parts(date: Date): [string, string] {
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return [day, `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`];
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

function zoneName(date: Date): string {
  const zone = process.env['TZ'] ?? '';
  if (date.getTimezoneOffset() === 0 && /^(|UTC|Etc\/UTC)$/.test(zone)) return 'UTC';
  const named = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(date);
  const name = named.find((part) => part.type === 'timeZoneName')?.value ?? '';
  return /^[A-Z]{2,5}$/.test(name) ? name : offset(date).replace(':', '').replace(/00$/, '');
}

const local = /^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?)?(Z|[+-]\d{2}:\d{2})?$/;

/** What `--since` and `--until` send: durations count back from now (ms), dates become seconds, numbers stay. */
export function apiTimestamp(value: string, now: number): string {
  const ago = tryDuration(value);
  if (ago !== undefined) return seconds(now - ago / 1e6);
  const found = local.exec(value);
  if (found) {
    const zone = found[5] ?? '';
    const clock =
      found[1] === undefined
        ? 'T00:00:00'
        : found[1]
            .padEnd(9, 'x')
            .replace(/^T(\d{2})x+$/, 'T$1:00:00')
            .replace(/^(T\d{2}:\d{2})x+$/, '$1:00');
    const [whole, fraction = ''] = clock.split('.') as [string, string?];
    const at = Date.parse(`${value.slice(0, 10)}${whole}${zone}`);
    if (!Number.isNaN(at)) return `${at / 1000}.${fraction.slice(0, 9).padEnd(9, '0')}`;
  }
  if (value.includes('-')) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(value)}`);
  if (!/^\d+(\.\d+)?$/.test(value))
    throw new Error(`failed to parse value as time or duration: ${JSON.stringify(value)}`);
  return value;
}

function tryDuration(value: string): number | undefined {
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}

function seconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000);
  return `${whole}.${String(Math.round((milliseconds - whole * 1000) * 1e6)).padStart(9, '0')}`;
}

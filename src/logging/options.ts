import { statSync } from 'node:fs';
import { invalid } from '#errdefs';
import { isErrno } from '#sys';
import { fluentdAddress, gelfAddress, syslogAddress } from './addresses.ts';
import { parseBool, parseInteger, parseMilliseconds, parseSize, parseUnsigned } from './go-values.ts';

type Options = Readonly<Record<string, string>>;
type Check = (options: Options) => void;

const COMMON = ['mode', 'max-buffer-size'];
const CHOICE = ['labels', 'labels-regex', 'env', 'env-regex'];
const FILE = ['max-size', 'max-file', 'compress'];
const CACHE = ['cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress'];
const FLUENTD = [
  ...['address', 'async', 'async-reconnect-interval', 'buffer-limit', 'max-retries', 'request-ack', 'retry-wait'],
  ...['sub-second-precision', 'write-timeout'],
].map((name) => `fluentd-${name}`);
const GELF = ['address', 'compression-level', 'compression-type', 'tcp-max-reconnect', 'tcp-reconnect-delay'];
const SYSLOG = ['address', 'facility', 'tls-ca-cert', 'tls-cert', 'tls-key', 'tls-skip-verify', 'format'];

interface Known {
  readonly names: readonly string[];
  readonly check?: Check;
}

/** The drivers that are built in, with their options. */
const DRIVERS: Readonly<Record<string, Known>> = {
  'json-file': { names: [...FILE, 'tag', ...CHOICE] },
  local: { names: FILE },
  journald: { names: ['tag', ...CHOICE] },
  syslog: { names: [...SYSLOG.map((name) => `syslog-${name}`), 'tag', ...CHOICE], check: checkSyslog },
  fluentd: { names: [...FLUENTD, 'tag', ...CHOICE], check: checkFluentd },
  gelf: { names: [...GELF.map((name) => `gelf-${name}`), 'tag', ...CHOICE], check: checkGelf },
};

/** The names of the built-in drivers, as `info` lists them. */
export const BUILT_IN: readonly string[] = Object.keys(DRIVERS).sort();

/** Whether a driver is not ours but a plugin's. */
export const isForeign = (driver: string): boolean => driver !== 'none' && !Object.hasOwn(DRIVERS, driver);

/** Whether what was logged may be read: `none` keeps nothing, and the other drivers' lines may be asked not to be kept. */
export function isReadable(driver: string, options: Options): boolean {
  if (driver === 'json-file' || driver === 'local') return true;
  return driver !== 'none' && !(options['cache-disabled'] && parseBool(options['cache-disabled']));
}

/** Refuses what is wrong with the options of a driver, with Docker's words. `none` takes any, a plugin's are its own. */
export function checkOptions(driver: string, options: Options): void {
  if (driver === 'none') return;
  checkMode(options);
  checkCache(options);
  const known = Object.hasOwn(DRIVERS, driver) ? DRIVERS[driver]! : undefined;
  if (!known) return;
  if (driver === 'gelf') known.check!(options);
  for (const option of Object.keys(options)) {
    if (known.names.includes(option) || COMMON.includes(option) || CACHE.includes(option)) continue;
    const place = driver === 'local' ? `log driver ${driver}` : `${driver} log driver`;
    throw invalid(`unknown log opt '${option}' for ${place}`);
  }
  known.check?.(options);
}

function checkMode({ mode, 'max-buffer-size': size }: Options): void {
  if (mode !== undefined && !['', 'blocking', 'non-blocking'].includes(mode)) {
    throw invalid(`logger: logging mode not supported: ${mode}`);
  }
  if (size === undefined) return;
  if (mode !== 'non-blocking') {
    throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
  worded('error parsing option max-buffer-size: ', () => parseSize(size, 1024));
}

function checkCache({ 'cache-disabled': disabled }: Options): void {
  if (disabled === undefined) return;
  try {
    parseBool(disabled);
  } catch {
    throw invalid(`invalid value for option cache-disabled: ${disabled}`);
  }
}

const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['', '', '', '', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

/** A facility's number, by name or number. */
export function syslogFacility(text: string | undefined): number {
  if (!text) return FACILITIES.indexOf('daemon');
  const named = FACILITIES.indexOf(text);
  if (named >= 0) return named;
  const number = parseInteger(text);
  if (number === undefined || number < 0 || number > 23) throw invalid('invalid syslog facility');
  return number;
}

function checkSyslog(options: Options): void {
  const address = syslogAddress(options['syslog-address']);
  if (address?.kind === 'unix') {
    try {
      statSync(address.path);
    } catch (error) {
      const reason = isErrno(error, 'ENOENT') ? 'no such file or directory' : (error as Error).message;
      throw invalid(`stat ${address.path}: ${reason}`, error);
    }
  }
  syslogFacility(options['syslog-facility']);
  if (!['', 'rfc3164', 'rfc5424', 'rfc5424micro'].includes(options['syslog-format'] ?? '')) {
    throw invalid('Invalid syslog format');
  }
}

function checkFluentd(options: Options): void {
  const given = <T>(name: string, parse: (text: string) => T): T | undefined =>
    options[`fluentd-${name}`] ? parse(options[`fluentd-${name}`]!) : undefined;
  const address = options['fluentd-address'];
  worded(`invalid fluentd-address (${address}): `, () => fluentdAddress(address));
  given('async', parseBool);
  const name = 'fluentd-async-reconnect-interval';
  const interval = given('async-reconnect-interval', (text) =>
    worded(`invalid value for ${name}: `, () => parseMilliseconds(text)),
  );
  if (interval !== undefined && interval !== 0 && (interval < 100 || interval > 10_000)) {
    const value = JSON.stringify(options[name]);
    throw invalid(`invalid value for ${name}: value (${value}) must be between 100ms and 10s`);
  }
  given('buffer-limit', (text) => parseSize(text, 1024));
  given('retry-wait', parseMilliseconds);
  given('max-retries', parseUnsigned);
  given('sub-second-precision', parseBool);
  given('request-ack', parseBool);
  given('write-timeout', (text) =>
    worded('invalid value for fluentd-write-timeout: value must be a duration: ', () => parseMilliseconds(text)),
  );
}

function checkGelf(options: Options): void {
  const { protocol } = gelfAddress(options['gelf-address']);
  const isTcp = protocol === 'tcp';
  for (const [name, values] of Object.entries(COMPRESSION)) {
    const value = options[`gelf-compression-${name}`];
    if (value === undefined) continue;
    if (isTcp) throw invalid('compression is only supported on UDP');
    if (!values.includes(value)) throw invalid(unknownValue(`gelf-compression-${name}`, value));
  }
  for (const name of ['gelf-tcp-max-reconnect', 'gelf-tcp-reconnect-delay']) {
    if (options[name] === undefined) continue;
    if (!isTcp) throw invalid(`${JSON.stringify(name)} is only valid for TCP`);
    if ((parseInteger(options[name]) ?? -1) < 0) throw invalid(`${JSON.stringify(name)} must be a positive integer`);
  }
}

const COMPRESSION: Readonly<Record<string, readonly string[]>> = {
  level: ['-1', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  type: ['gzip', 'zlib', 'none'],
};

const unknownValue = (name: string, value: string) =>
  `unknown value ${JSON.stringify(value)} for log opt ${JSON.stringify(name)} for gelf log driver`;

function worded<T>(words: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw invalid(words + (error as Error).message, error);
  }
}

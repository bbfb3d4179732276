import { internal } from '#errdefs';
import { extraAttributes } from './attributes.ts';
import { parseBool, parseInteger, parseSize } from './go-values.ts';
import type { LogSubject } from './subject.ts';
import { renderTag } from './tag.ts';

/** What the monitor is told of the file that it writes. */
export interface LogFile {
  /** Bytes; -1 = no limit. */
  readonly maxSize: number;
  readonly maxFile: number;
  /** Of each line. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The daemon compresses what was rotated. */
  readonly compress: boolean;
}

/** Whether a log is more than a file that the monitor writes. */
export function needsCare(driver: string, options: Readonly<Record<string, string>>): boolean {
  return driver === 'json-file' ? options.compress !== undefined : driver !== 'none';
}

const NONE: Readonly<Record<string, string>> = {};

/**
 * The file of a container's log, undefined for none; `defaults` are options in force that nobody gave. Throws Docker's
 * words for options that only a start looks at.
 */
export function logFile(subject: LogSubject, defaults: Readonly<Record<string, string>>): LogFile | undefined {
  try {
    return fileOf(subject, defaults);
  } catch (error) {
    const words = `failed to create task for container: failed to initialize logging driver: ${(error as Error).message}`;
    throw internal(words, error);
  }
}

function fileOf(subject: LogSubject, defaults: Readonly<Record<string, string>>): LogFile | undefined {
  const { driver, options } = subject;
  if (driver === 'none') return undefined;
  if (driver === 'json-file') {
    const file = jsonFile(options, defaults);
    const tag = options.tag ? { tag: renderTag(subject, '') } : NONE;
    return { ...file, attributes: { ...extraAttributes(subject), ...tag } };
  }
  if (driver === 'local') return { ...localFile(options), attributes: NONE };
  // What the driver sends is rendered now, so that a start tells what is wrong with it.
  renderTag(subject, '');
  extraAttributes(subject);
  return { ...localFile(cacheOptions(options)), attributes: NONE };
}

function jsonFile(options: Readonly<Record<string, string>>, defaults: Readonly<Record<string, string>>) {
  const size = options['max-size'] ?? defaults['max-size'];
  const maxSize = size === undefined || size === '-1' ? -1 : sizeOf(size);
  const maxFile = countOf(options['max-file'] ?? defaults['max-file'] ?? '1');
  const compress = options.compress ? parseBool(options.compress) : false;
  if (compress && (maxFile < 2 || maxSize < 0)) {
    throw internal('compress cannot be true when max-file is less than 2 or max-size is not set');
  }
  return { maxSize, maxFile, compress };
}

/** Docker's local driver, and what its other drivers keep for `docker logs`. */
function localFile(options: Readonly<Record<string, string>>) {
  const maxSize = sizeOf(options['max-size'] ?? '20m');
  const files = parseInteger(options['max-file'] ?? '5');
  if (files === undefined) {
    throw internal(`invalid value for max-file: ${options['max-file']}: ${notNumber(options['max-file'])}`);
  }
  let compress: boolean;
  try {
    compress = parseBool(options.compress || 'true');
  } catch (error) {
    throw internal(`error reading compress log option: ${(error as Error).message}`, error);
  }
  if (compress && files < 2) throw internal('compression cannot be enabled when max file count is 1');
  return { maxSize, maxFile: Math.max(1, files), compress };
}

/** Docker's cache never fails a start. */
function cacheOptions(options: Readonly<Record<string, string>>): Record<string, string> {
  const given = (name: string) => options[`cache-${name}`];
  const size = given('max-size') ?? '20m';
  const files = parseInteger(given('max-file') ?? '5') ?? 5;
  return {
    'max-size': isSize(size) ? size : '20m',
    'max-file': String(Math.max(1, files)),
    compress: String(files > 1 && given('compress') !== 'false'),
  };
}

function isSize(text: string): boolean {
  try {
    return parseSize(text, 1000) > 0;
  } catch {
    return false;
  }
}

function sizeOf(text: string): number {
  const size = parseSize(text, 1000);
  if (size <= 0) throw internal('max-size must be a positive number');
  return size;
}

function countOf(text: string): number {
  const count = parseInteger(text);
  if (count === undefined) throw internal(notNumber(text));
  if (count < 1) throw internal('max-file cannot be less than 1');
  return count;
}

const notNumber = (text: string | undefined) => `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;

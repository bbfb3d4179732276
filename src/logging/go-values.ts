import { invalid } from '#errdefs';
import { parseDuration } from '#template/duration';

const LARGEST = 2n ** 64n - 1n;
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** Go's strconv.ParseBool. */
export function parseBool(text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw invalid(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Go's strconv.Atoi; undefined when it is no number. */
export function parseInteger(text: string): number | undefined {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Go's strconv.ParseUint with 32 bits or 64. */
export function parseUnsigned(text: string): number {
  if (!/^\d+$/.test(text)) throw invalid(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (BigInt(text) <= LARGEST) return Number(text);
  throw invalid(`strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
}

const SIZE = /^(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?[iI]?[bB]?$/;

/** A size in bytes; `step` is 1000 or 1024. */
export function parseSize(text: string, step: 1000 | 1024): number {
  const [, number, unit = ''] = SIZE.exec(text) ?? [];
  if (number === undefined || Number.isNaN(Number(number))) throw invalid(`invalid size: '${text}'`);
  return Math.floor(Number(number) * step ** 'bkmgtp'.indexOf(unit.toLowerCase() || 'b'));
}

/** Go's time.ParseDuration, in ms. */
export function parseMilliseconds(text: string): number {
  try {
    return parseDuration(text) / 1e6;
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

import type { ByteRange } from '../deps.ts';

/**
 * What a Range header asks of something of this size: undefined when all of it is to be sent (several ranges, and what is
 * no range, are ignored, as RFC 9110 allows), `null` when nothing of it is there.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match) return undefined;
  const [first, last] = [match[1]!, match[2]!];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? null : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  // Docker: a range that ends before it begins is one of which nothing is there.
  return start >= size || end < start ? null : { start, end };
}

/** The Content-Range of a chunk, as clients write it: `0-99`, also `bytes 0-99/200`. Null when it is none. */
export function parseContentRange(header: string): ByteRange | null {
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim());
  if (!match) return null;
  const [start, end] = [Number(match[1]), Number(match[2])];
  return end < start ? null : { start, end };
}

/** Whether an If-None-Match names this entity. */
export function isMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((each) => {
    const bare = each.trim().replace(/^W\//, '');
    return bare === '*' || bare === `"${tag}"` || bare === tag;
  });
}

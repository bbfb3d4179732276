import type { Segment } from './entry.ts';
import { BLOCK } from './header.ts';
import { decodeNumber, malformed } from './number.ts';
import type { ByteSource } from './source.ts';

/** Checks a map against the file's real size and the bytes stored in the archive: ascending, disjoint, complete. */
export function checkSegments(segments: readonly Segment[], size: number, stored: number): readonly Segment[] {
  let end = 0;
  let data = 0;
  for (const { offset, length } of segments) {
    if (offset < end || offset + length > size || !Number.isSafeInteger(offset + length))
      throw malformed('bad sparse map');
    end = offset + length;
    data += length;
  }
  if (data !== stored) throw malformed('a sparse map does not match its data');
  return segments.filter((segment) => segment.length > 0);
}

/** The four stretches in an old GNU sparse header and, in blocks that follow it, 21 each: read while marked "more". */
export async function readOldMap(
  header: Buffer,
  source: ByteSource,
  limit: number,
): Promise<{ size: number; map: Segment[] }> {
  const map: Segment[] = [];
  const size = decodeNumber(header, 483, 12);
  addOldSegments(map, header, 386, 4);
  let more = header[482] === 1;
  while (more) {
    const block = await source.exactly(BLOCK);
    if (!block) throw malformed('a sparse map is cut off');
    addOldSegments(map, block, 0, 21);
    if (map.length > limit) throw malformed('a sparse map is too long');
    more = block[504] === 1;
  }
  return { size, map };
}

function addOldSegments(map: Segment[], block: Buffer, at: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const field = at + i * 24;
    if (block[field] === 0) return;
    const segment = { offset: decodeNumber(block, field, 12), length: decodeNumber(block, field + 12, 12) };
    if (segment.offset < 0 || segment.length < 0) throw malformed('bad sparse map');
    map.push(segment);
  }
}

/** The map of PAX formats 0.0 and 0.1: a flat list of offsets and lengths. */
export function segmentsOf(numbers: readonly string[]): Segment[] {
  if (numbers.length % 2 !== 0) throw malformed('bad sparse map');
  const map: Segment[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    map.push({ offset: decimal(numbers[i]!), length: decimal(numbers[i + 1]!) });
  }
  return map;
}

/** The map of PAX format 1.0: lines at the start of the data, padded to a block. Returns the bytes it took, too. */
export async function readNewMap(
  source: ByteSource,
  stored: number,
  limit: number,
): Promise<{ map: Segment[]; taken: number }> {
  let taken = 0;
  let rest = '';
  const lines: string[] = [];
  let wanted = 1;
  while (lines.length < wanted) {
    if (taken + BLOCK > stored) throw malformed('a sparse map is cut off');
    const block = await source.exactly(BLOCK);
    if (!block) throw malformed('a sparse map is cut off');
    taken += BLOCK;
    const parts = (rest + block.toString('latin1')).split('\n');
    rest = parts.pop()!;
    if (rest.length > BLOCK) throw malformed('bad sparse map');
    for (const part of parts) {
      if (lines.length === wanted) break;
      lines.push(part);
      if (lines.length === 1) wanted = 1 + 2 * decimal(part);
      if (wanted > 1 + 2 * limit) throw malformed('a sparse map is too long');
    }
  }
  return { map: segmentsOf(lines.slice(1)), taken };
}

/** A decimal number of a PAX record, at most 2^53. */
export function decimal(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw malformed('a number is not decimal');
  return value;
}

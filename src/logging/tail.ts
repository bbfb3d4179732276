import type { Segment } from './segments.ts';

const CHUNK = 64 * 1024;
const NEWLINE = 0x0a;

/** Where reading begins: an open file by its place in the list, and an offset in it. */
export interface Start {
  readonly index: number;
  readonly offset: number;
}

/** The place of the last `count` lines over all files. A line without its newline yet does not count. */
export async function startOfTail(segments: readonly Segment[], count: number): Promise<Start> {
  let left = count;
  for (let index = segments.length - 1; index >= 0; index--) {
    const found = await lastLines(segments[index]!, left);
    if (found.offset !== undefined) return { index, offset: found.offset };
    left -= found.lines;
  }
  return { index: 0, offset: 0 };
}

/** The offset behind which there are exactly `count` lines; only their number when there are fewer. */
async function lastLines(segment: Segment, count: number): Promise<{ offset?: number; lines: number }> {
  const buffer = Buffer.alloc(CHUNK);
  const file = await segment.content();
  let end = (await file.stat()).size;
  let newlines = 0;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    if (bytesRead === 0) break;
    for (let at = bytesRead - 1; at >= 0; at--) {
      if (buffer[at] !== NEWLINE) continue;
      // The newline before the wanted lines is one more than there are lines.
      if (newlines === count) return { offset: start + at + 1, lines: count };
      newlines++;
    }
    end = start;
  }
  return newlines === count ? { offset: 0, lines: count } : { lines: newlines };
}

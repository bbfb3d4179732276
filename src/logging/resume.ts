import { parseEntry } from './entry.ts';
import type { Place } from './read.ts';
import type { Segment } from './segments.ts';
import type { Start } from './tail.ts';

/** More than one line of a log needs. */
const LINE_MAX = 256 * 1024;

/**
 * Where reading goes on behind a place. A place that rotation has taken away meanwhile, or that belonged to another file
 * with the same inode, is the beginning of what there is: nothing of it was read before.
 */
export async function startBehind(segments: readonly Segment[], place: Place | undefined): Promise<Start> {
  const index = place ? segments.findIndex(({ inode }) => inode === place.inode) : -1;
  if (place && index >= 0 && (await endsThere(segments[index]!, place))) return { index, offset: place.offset };
  return { index: 0, offset: 0 };
}

async function endsThere(segment: Segment, { offset, time }: Place): Promise<boolean> {
  const file = await segment.content();
  const from = Math.max(0, offset - LINE_MAX);
  const buffer = Buffer.alloc(offset - from);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  if (bytesRead !== buffer.length || buffer.at(-1) !== 0x0a) return false;
  const line = buffer.subarray(buffer.lastIndexOf(0x0a, buffer.length - 2) + 1, -1);
  return parseEntry(line.toString('utf8'))?.time === time;
}

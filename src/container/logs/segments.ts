import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { isErrno } from '#sys';

/** The files of a json-file log: the current one and those it was renamed to, `<path>.1` being the youngest of them. */
const MOST_FILES = 1000;

/** An open file of a log. It stays readable when it is renamed or removed. */
export interface Segment {
  readonly file: FileHandle;
  readonly inode: bigint;
}

/** Opens all files, oldest first. The caller closes them. */
export async function openSegments(path: string): Promise<Segment[]> {
  for (;;) {
    const segments: Segment[] = [];
    for (let n = 0; n < MOST_FILES; n++) {
      const segment = await openSegment(n === 0 ? path : `${path}.${n}`);
      if (!segment && n > 0) break;
      if (segment) segments.unshift(segment);
    }
    // A rotation in between shows one file twice and hides another.
    const inodes = new Set(segments.map(({ inode }) => inode));
    const current = await inodeOf(path);
    if (inodes.size === segments.length && current === segments.at(-1)?.inode) return segments;
    await closeSegments(segments);
  }
}

export async function closeSegments(segments: readonly Segment[]): Promise<void> {
  await Promise.all(segments.map(({ file }) => file.close()));
}

/** The inode that a path names now. */
export async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function openSegment(path: string): Promise<Segment | undefined> {
  try {
    const file = await open(path, 'r');
    return { file, inode: (await file.stat({ bigint: true })).ino };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

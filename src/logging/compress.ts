import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { failpoint } from '#sys';
import { rotatedPath } from './segments.ts';

/**
 * Compresses the rotated files of a log that are not yet, the youngest first, as `<path>.<n>.gz`. The monitor may rotate
 * at any moment: a file is known by its inode, and only what was compressed is removed.
 */
export async function compressRotated(path: string, maxFile: number): Promise<void> {
  for (let n = 1; n < maxFile; n++) await compressOne(path, n, maxFile);
}

async function compressOne(path: string, n: number, maxFile: number): Promise<void> {
  const source = await open(rotatedPath(path, n), 'r').catch(() => undefined);
  if (!source) return;
  const draft = `${path}.gz-draft`;
  try {
    const { ino } = await source.stat({ bigint: true });
    const target = createWriteStream(draft, { mode: 0o640 });
    await pipeline(createReadStream('', { fd: source.fd, autoClose: false, start: 0 }), createGzip(), target);
    failpoint('logging.compress.drafted');
    replace(path, draft, find(path, ino, maxFile), ino);
  } finally {
    await source.close();
    for (const left of [draft, `${path}.gz-taken`]) await rm(left, { force: true });
  }
}

/**
 * Puts the draft in the place of the file with this inode. Nothing is lost when a rotation comes in between: a draft with
 * the wrong number is taken back, and a file is removed only after it was taken out of rotation's way and looked at.
 */
function replace(path: string, draft: string, n: number | undefined, inode: bigint): void {
  if (n === undefined) return;
  const [plain, packed, taken] = [rotatedPath(path, n), `${rotatedPath(path, n)}.gz`, `${path}.gz-taken`];
  renameSync(draft, packed);
  failpoint('logging.compress.replaced');
  if (inodeNow(plain) !== inode) {
    renameSync(packed, draft);
    return;
  }
  renameSync(plain, taken);
  failpoint('logging.compress.taken');
  if (inodeNow(taken) === inode) rmSync(taken);
  else renameSync(taken, plain);
}

const inodeNow = (path: string) => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;

/** Its number now; those before it may be compressed already. */
function find(path: string, inode: bigint, maxFile: number): number | undefined {
  for (let n = 1; n < maxFile; n++) if (inodeNow(rotatedPath(path, n)) === inode) return n;
  return undefined;
}

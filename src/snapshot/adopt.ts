import { fchmodSync, fchownSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { AT_FDCWD, closeFd, openat, openat2, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, setTimes, setXattr } from '#sys';
import type { MergedDirectory } from './merged.ts';
import { findDirectory } from './merged.ts';
import { directoryFlags } from './tree-fd.ts';

const BATCH = 64;

/**
 * Gives directories that a layer takes for granted (it has files in them but no entry for them) the owner, mode, times
 * and attributes that they have in the layers below; else they would hide those: /tmp would lose its sticky bit.
 */
export async function adoptDirectories(
  tree: string,
  implied: readonly string[],
  below: readonly string[],
): Promise<void> {
  if (implied.length === 0 || below.length === 0) return;
  const top = openat(AT_FDCWD, Buffer.from(tree), directoryFlags);
  try {
    for (const [i, name] of implied.entries()) {
      if (i % BATCH === BATCH - 1) await setImmediate();
      const path = Buffer.from(name, 'latin1');
      const found = findDirectory(below, path);
      if (found) adopt(top, path, found);
    }
  } finally {
    closeFd(top);
  }
}

function adopt(top: number, path: Buffer, { stats, xattrs, times }: MergedDirectory): void {
  const fd = openat2(top, path, directoryFlags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  try {
    fchownSync(fd, stats.uid, stats.gid);
    fchmodSync(fd, stats.mode & 0o7777);
    for (const xattr of xattrs) setXattr(fd, xattr);
    setTimes(fd, times.atime, times.mtime);
  } finally {
    closeFd(fd);
  }
}

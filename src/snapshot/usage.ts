import { lstat } from 'node:fs/promises';
import { closeFd, isErrno, openat, readDirectory } from '#sys';
import { directoryFlags, inDirectory } from './tree-fd.ts';

export interface Usage {
  /** Bytes of files and of the targets of symbolic links, hard links counted once. */
  size: number;
  inodes: number;
}

/**
 * What a tree takes, its top directory not counted. What vanishes meanwhile is not counted either: the container may be
 * running.
 */
export async function usageOf(path: string): Promise<Usage> {
  const total: Usage = { size: 0, inodes: 0 };
  const seen = new Set<bigint>();
  const top = openat(-100, Buffer.from(path), directoryFlags);
  try {
    await add(top, total, seen).catch(unlessGone);
  } finally {
    closeFd(top);
  }
  return total;
}

async function add(fd: number, total: Usage, seen: Set<bigint>): Promise<void> {
  for (let entries = readDirectory(fd); entries.length > 0; entries = readDirectory(fd)) {
    for (const { name } of entries) await addEntry(fd, name, total, seen).catch(unlessGone);
  }
}

async function addEntry(fd: number, name: Buffer, total: Usage, seen: Set<bigint>): Promise<void> {
  const stats = await lstat(inDirectory(fd, name), { bigint: true });
  if (stats.nlink > 1n && !stats.isDirectory()) {
    if (seen.has(stats.ino)) return;
    seen.add(stats.ino);
  }
  total.inodes++;
  if (!stats.isDirectory()) {
    total.size += Number(stats.size);
    return;
  }
  const below = openat(fd, name, directoryFlags);
  try {
    await add(below, total, seen);
  } finally {
    closeFd(below);
  }
}

function unlessGone(error: unknown): void {
  if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
}

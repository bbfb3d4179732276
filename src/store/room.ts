import { closeSync, openSync, rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { allocate, isErrno } from '#sys';

/** The write-ahead log restarts at 4 MiB; the rest is for commits while the database itself cannot grow. */
const LOG_BYTES = 8 << 20;
/** What an open needs that finds no log: a new one and its index. */
const RESERVE_BYTES = 1 << 20;

/** Room for the log, taken in advance: with it, stop and remove work on a disk without a free byte. */
export function reserveLog(fd: number, path: string): void {
  quietly(() => allocate(fd, LOG_BYTES, path));
}

/**
 * Opens a database, on a full disk with the room that was set aside for it. Not tried without: SQLite maps its log's index
 * into memory, and a page of it that the disk has no room for ends the process (SIGBUS).
 */
export function withReserve<T>(path: string, open: () => T): T {
  const reserve = `${path}-reserve`;
  if (free(dirname(path)) < RESERVE_BYTES) rmSync(reserve, { force: true });
  const opened = open();
  const fd = openSync(reserve, 'a', 0o600);
  quietly(() => allocate(fd, RESERVE_BYTES, reserve));
  closeSync(fd);
  return opened;
}

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Less room is no reason not to start. */
function quietly(take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EOPNOTSUPP', 'EFBIG')) throw error;
  }
}

import { closeSync, openSync, rmSync } from 'node:fs';
import { allocate, isErrno } from '#sys';

/** The write-ahead log restarts at 4 MiB; the rest is for commits while the database itself cannot grow. */
const LOG_BYTES = 8 << 20;
/** What an open needs that finds no log: a new one and its index. */
const RESERVE_BYTES = 1 << 20;

/** Room for the log, taken in advance: with it, stop and remove work on a disk without a free byte. */
export function reserveLog(fd: number, path: string): void {
  quietly(() => allocate(fd, LOG_BYTES, path));
}

/** Opens a database; when the disk is full for that, once more with the room that was set aside for it. */
export function withReserve<T>(path: string, open: () => T): T {
  const reserve = `${path}-reserve`;
  let opened: T;
  try {
    opened = open();
  } catch {
    rmSync(reserve, { force: true });
    opened = open();
  }
  const fd = openSync(reserve, 'a', 0o600);
  quietly(() => allocate(fd, RESERVE_BYTES, reserve));
  closeSync(fd);
  return opened;
}

/** Less room is no reason not to start. */
function quietly(take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EOPNOTSUPP', 'EFBIG')) throw error;
  }
}

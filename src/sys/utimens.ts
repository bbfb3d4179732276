import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, cPath } from './at.ts';
import { call, declare } from './libc.ts';

const futimens = declare('int futimens(int fd, const void *times)');
const utimensat = declare('int utimensat(int dirfd, const void *path, const void *times, int flags)');

/** Seconds since the epoch, and nanoseconds within the second. */
export interface Timespec {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const SECOND = 1_000_000_000n;

/** Nanoseconds since the epoch (as `lstat` gives with `bigint`) as a {@link Timespec}. */
export function timespec(total: bigint): Timespec {
  const nanoseconds = ((total % SECOND) + SECOND) % SECOND;
  return { seconds: Number((total - nanoseconds) / SECOND), nanoseconds: Number(nanoseconds) };
}

const times = Buffer.alloc(32);

/** Sets access and modification time to the nanosecond, of an open file or of a path whose last link is not followed. */
export function setTimes(file: Buffer | number, atime: Timespec, mtime: Timespec): void {
  writeTime(0, atime);
  writeTime(16, mtime);
  if (typeof file === 'number') call('futimens', futimens, [file, times]);
  else call('utimensat', utimensat, [AT_FDCWD, cPath(file), times, AT_SYMLINK_NOFOLLOW], file.toString());
}

/** A `struct timespec`, written without BigInt: this runs once per file of an image. */
function writeTime(at: number, { seconds, nanoseconds }: Timespec): void {
  times.writeUInt32LE(((seconds % 2 ** 32) + 2 ** 32) % 2 ** 32, at);
  times.writeInt32LE(Math.floor(seconds / 2 ** 32), at + 4);
  times.writeUInt32LE(nanoseconds, at + 8);
}

import { constants, fchmodSync, fchownSync } from 'node:fs';
import { setTimes, setXattr, timespec } from '#sys';
import type { Held } from './held.ts';

/** How a file of a folder of ours is made. */
export const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY;

/** What a file gets when its content is complete. */
export type Dress = Pick<Held, 'uid' | 'gid' | 'mode' | 'xattrs' | 'modTime'>;

/** Owner before mode, as a change of owner clears bits; the time last, as it says that the file is complete. */
export function dress(fd: number, { uid, gid, mode, xattrs, modTime }: Dress): void {
  if (uid !== 0 || gid !== 0) fchownSync(fd, uid, gid);
  fchmodSync(fd, mode & 0o7777);
  for (const [name, value] of xattrs) {
    setXattr(fd, { name: Buffer.from(name, 'latin1'), value: Buffer.from(value, 'latin1') });
  }
  const time = timespec(modTime);
  setTimes(fd, time, time);
}

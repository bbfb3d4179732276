import { chmodSync, fchmodSync, fchownSync, lchownSync } from 'node:fs';
import type { FileXattr } from '#sys/tree';
import { isErrno, setTimes, setXattr } from '#sys/tree';
import type { TarEntry, Time } from '#tar';
import { outside } from './owners.ts';

const OVERLAY_NAMES = /^(user|trusted)\.overlay\./;
export const OPAQUE: FileXattr = { name: Buffer.from('user.overlay.opaque'), value: Buffer.from('y') };

/** Whether an attribute belongs to the overlay file system: an archive may not set it. */
export function isOverlayXattr(name: Buffer): boolean {
  return OVERLAY_NAMES.test(name.toString('latin1'));
}

/** Owner, mode and attributes, in the order that keeps setuid bits and file capabilities. Links have no mode. */
export function setOwnership(file: Buffer | number, { uid, gid, mode, type, xattrs }: OwnedEntry): void {
  const owner = [outside('uids', uid), outside('gids', gid)] as const;
  if (typeof file === 'number') {
    fchownSync(file, ...owner);
    fchmodSync(file, mode);
  } else {
    lchownSync(file, ...owner);
    if (type !== 'symlink') chmodSync(file, mode);
  }
  for (const xattr of xattrs) setAllowedXattr(file, xattr);
}

type OwnedEntry = Pick<TarEntry, 'uid' | 'gid' | 'mode' | 'type' | 'xattrs'>;

/**
 * Sets an attribute unless it is the overlay's. What the file system does not know, or what this process may not set
 * (labels of other security modules, `trusted.*`, `user.*` of a link or device), is left out, as Docker does.
 */
function setAllowedXattr(file: Buffer | number, xattr: FileXattr): void {
  if (isOverlayXattr(xattr.name)) return;
  try {
    setXattr(file, xattr);
  } catch (error) {
    if (isErrno(error, 'ENOTSUP', 'EOPNOTSUPP')) return;
    if (isErrno(error, 'EPERM') && !xattr.name.equals(CAPABILITY)) return;
    throw error;
  }
}

const CAPABILITY = Buffer.from('security.capability');

/** Modification time as stated; access time too, else the same. */
export function setEntryTimes(file: Buffer | number, { atime, mtime }: { atime?: Time; mtime: Time }): void {
  setTimes(file, atime && later(atime, mtime) ? atime : mtime, mtime);
}

function later(a: Time, b: Time): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds);
}

/**
 * The part of this module that a process working on a tree of files needs, and nothing else: jails load it in a few
 * milliseconds, and what is not loaded cannot be reached from there.
 */
export type { DirectoryEntry } from './at.ts';
export { AT_FDCWD, makeDevice, mknodat, splitDevice } from './at.ts';
export type { BpfInstruction } from './confine.ts';
export { chroot, installSeccompFilter } from './confine.ts';
export { isErrno, SystemError } from './system-error.ts';
export type { Timespec } from './utimens.ts';
export { setTimes, timespec } from './utimens.ts';
export type { FileXattr } from './xattr.ts';
export { getXattr, listXattrs, removeXattr, setXattr } from './xattr.ts';

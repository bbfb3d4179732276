import { O_CLOEXEC } from './at.ts';
import { call, declare } from './libc.ts';

const openat2Call = declare('long syscall(long number, int dirfd, const void *path, void *how, size_t size)');
/** openat2 has the same number on every architecture (kernel >= 5.6). */
const SYS_OPENAT2 = 437;

export const RESOLVE_NO_XDEV = 1;
export const RESOLVE_NO_MAGICLINKS = 2;
export const RESOLVE_NO_SYMLINKS = 4;
export const RESOLVE_BENEATH = 8;
export const RESOLVE_IN_ROOT = 16;

/** Opens a path with limits on how it is resolved (openat2(2)); the caller closes the descriptor. */
export function openat2(dir: number, path: Buffer, flags: number, resolve: number): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(resolve), 16);
  const name = Buffer.concat([path.length === 0 ? Buffer.from('.') : path, Buffer.alloc(1)]);
  return call('openat2', openat2Call, [SYS_OPENAT2, dir, name, how, how.length], path.toString());
}

const O_NONBLOCK = 0o4000;

/**
 * Opens a file of a hostile tree: every symbolic link and `..` stays below the directory `root`, links of /proc are
 * refused, and a fifo or device does not block. The caller checks with fstat what it got, and closes it.
 */
export function openInRoot(root: number, path: Buffer, flags: number): number {
  return openat2(root, path, flags | O_NONBLOCK, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

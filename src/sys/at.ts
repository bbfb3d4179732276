import { call, declare } from './libc.ts';

const openatCall = declare('int openat(int dirfd, const void *path, int flags, unsigned int mode)');
const mkdiratCall = declare('int mkdirat(int dirfd, const void *path, unsigned int mode)');
const mknodatCall = declare('int mknodat(int dirfd, const void *path, unsigned int mode, unsigned long dev)');
const unlinkatCall = declare('int unlinkat(int dirfd, const void *path, int flags)');
const readlinkatCall = declare('int64_t readlinkat(int dirfd, const void *path, void *to, size_t size)');
const getdentsCall = declare('int64_t getdents64(int fd, void *to, size_t size)');

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;

const NUL = Buffer.alloc(1);

/** A path for a C function: names on Linux are bytes, so they travel as buffers with a final NUL. */
export function cPath(path: Buffer): Buffer {
  return Buffer.concat([path, NUL]);
}

/** Opens a path relative to a directory (openat(2)); the caller closes the descriptor. */
export function openat(dir: number, path: Buffer, flags: number, mode = 0): number {
  return call('openat', openatCall, [dir, cPath(path), flags | O_CLOEXEC, mode], path.toString());
}

/** Makes a directory (mkdirat(2)). */
export function mkdirat(dir: number, path: Buffer, mode: number): void {
  call('mkdirat', mkdiratCall, [dir, cPath(path), mode], path.toString());
}

/** Makes a device node, a fifo or a socket (mknodat(2)); `mode` carries the file type. */
export function mknodat(dir: number, path: Buffer, mode: number, device: number): void {
  call('mknodat', mknodatCall, [dir, cPath(path), mode, device], path.toString());
}

/** Removes a name (unlinkat(2)); a directory's with AT_REMOVEDIR. */
export function unlinkat(dir: number, path: Buffer, flags = 0): void {
  call('unlinkat', unlinkatCall, [dir, cPath(path), flags], path.toString());
}

/** The target of a symbolic link, at most 4096 bytes (readlinkat(2)). */
export function readlinkat(dir: number, path: Buffer): Buffer {
  const to = Buffer.allocUnsafe(4096);
  return Buffer.from(
    to.subarray(0, call('readlinkat', readlinkatCall, [dir, cPath(path), to, to.length], path.toString())),
  );
}

/** A name in a directory and its kind as the file system states it; `unknown` where it does not say. */
export interface DirectoryEntry {
  readonly name: Buffer;
  readonly kind: 'directory' | 'unknown' | 'other';
}

/** The next names of an open directory, without `.` and `..`; empty at its end (getdents64(2)). */
export function readDirectory(fd: number): DirectoryEntry[] {
  const block = Buffer.allocUnsafe(32_768);
  for (;;) {
    const length = call('getdents64', getdentsCall, [fd, block, block.length]);
    const entries = length === 0 ? [] : parseDirents(block.subarray(0, length));
    if (length === 0 || entries.length > 0) return entries;
  }
}

function parseDirents(block: Buffer): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at < block.length; at += block.readUInt16LE(at + 16)) {
    const name = block.subarray(at + 19, block.indexOf(0, at + 19));
    if (name.equals(DOT) || name.equals(DOT_DOT)) continue;
    const type = block[at + 18];
    entries.push({ name: Buffer.from(name), kind: type === 4 ? 'directory' : type === 0 ? 'unknown' : 'other' });
  }
  return entries;
}

const DOT = Buffer.from('.');
const DOT_DOT = Buffer.from('..');

/** Encodes a device number as the kernel's `dev_t` of 64 bits (makedev(3)). */
export function makeDevice(major: number, minor: number): number {
  const low = (minor & 0xff) | ((major & 0xfff) << 8);
  return low + (minor >>> 8) * 0x100000 + Math.floor(major / 0x1000) * 2 ** 44;
}

/** The major and minor number of a `dev_t` as `lstat` gives it. */
export function splitDevice(device: number): { major: number; minor: number } {
  const high = Math.floor(device / 2 ** 32);
  const low = device % 2 ** 32;
  return {
    major: ((low >>> 8) & 0xfff) + (high & ~0xfff),
    minor: (low & 0xff) + ((low >>> 12) & 0xfff00),
  };
}

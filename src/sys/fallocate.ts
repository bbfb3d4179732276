import { call, declare } from './libc.ts';

const fallocate = declare('int fallocate(int fd, int mode, int64_t offset, int64_t length)');

/**
 * Makes sure that the first `bytes` of a file have their place on the disk; data in it stays. ENOSPC when there is no
 * room, EOPNOTSUPP where the file system cannot (fallocate(2)).
 */
export function allocate(fd: number, bytes: number, path?: string): void {
  call('fallocate', fallocate, [fd, 0, 0, bytes], path);
}

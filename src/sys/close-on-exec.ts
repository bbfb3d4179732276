import { call, declare } from './libc.ts';

const fcntl = declare('int fcntl(int fd, int command, int flags)');
const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Keeps a file descriptor from the programs that are started from now on (fcntl(2)). */
export function closeOnExec(fd: number): void {
  call('fcntl', fcntl, [fd, F_SETFD, FD_CLOEXEC]);
}

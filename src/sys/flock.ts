import { call, declare } from './libc.ts';

const flock = declare('int flock(int fd, int operation)');
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes the exclusive lock of an open file without waiting; EWOULDBLOCK when another holds it (flock(2)). */
export function flockExclusive(fd: number, path?: string): void {
  call('flock', flock, [fd, LOCK_EX | LOCK_NB], path);
}

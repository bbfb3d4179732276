/**
 * The kernel, thinly: each call is a typed wrapper that throws {@link SystemError} and decides nothing. The only module
 * that imports koffi. Calls block the thread that makes them: whatever can wait belongs to a worker or a jail.
 */
export { failpoint } from './failpoint.ts';
export { flockExclusive } from './flock.ts';
export { call, closeFd } from './libc.ts';
export { bootId, processStartTime } from './proc.ts';
export { isErrno, SystemError } from './system-error.ts';

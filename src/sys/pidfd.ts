import { call, closeFd, declare } from './libc.ts';
import { processStartTime } from './proc.ts';
import { isErrno, SystemError } from './system-error.ts';

const syscall = declare('long syscall(long number, long a, long b, long c, long d)');
// The same numbers on every architecture (they were added after the tables were unified).
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const ESRCH = 3;

/**
 * Sends a signal to one certain process: pid and start time (clock ticks since boot, as `processStartTime` gives). Throws
 * ESRCH when it is gone, also when another one has its pid now.
 */
export function signalProcess({ pid, startTime }: { pid: number; startTime: number }, signo: number): void {
  const fd = call('pidfd_open', syscall, [SYS_PIDFD_OPEN, pid, 0, 0, 0]);
  try {
    // Read after the descriptor holds the process: from here on the pid cannot mean another one unnoticed.
    if (processStartTime(pid) !== startTime) throw new SystemError('pidfd_send_signal', ESRCH);
    call('pidfd_send_signal', syscall, [SYS_PIDFD_SEND_SIGNAL, fd, signo, 0, 0]);
  } finally {
    closeFd(fd);
  }
}

/**
 * A copy of another process's open descriptor, closed on exec (pidfd_getfd(2)). Throws ESRCH when that process is gone, also
 * when another one has its pid now.
 */
export function copyDescriptor({ pid, startTime }: { pid: number; startTime: number }, descriptor: number): number {
  const fd = call('pidfd_open', syscall, [SYS_PIDFD_OPEN, pid, 0, 0, 0]);
  try {
    if (processStartTime(pid) !== startTime) throw new SystemError('pidfd_getfd', ESRCH);
    return call('pidfd_getfd', syscall, [SYS_PIDFD_GETFD, fd, descriptor, 0, 0]);
  } finally {
    closeFd(fd);
  }
}

/** Whether this very process is alive; a zombie is not. */
export function isAlive({ pid, startTime }: { pid: number; startTime: number }): boolean {
  try {
    return processStartTime(pid) === startTime;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return false;
    throw error;
  }
}

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { delay } from '#async';
import { isErrno } from '#sys';
import type { DaemonConfig } from './config.ts';
import { readPidfile } from './lock.ts';

const POLL_MS = 100;

/** The file by which the daemon says that it has stopped its containers. */
export const stoppedPath = (execRoot: string): string => join(execRoot, 'containers-stopped');

/**
 * Asks the running gantryd to stop its containers, each with its own signal and timeout, and waits until it has, or is
 * gone. Their restart policies hold: this is the host going down, not the user stopping them.
 */
export async function stopContainers({ pidfile, execRoot }: DaemonConfig): Promise<void> {
  const pid = readPidfile(pidfile);
  if (pid === undefined || !isDaemon(pid)) return;
  rmSync(stoppedPath(execRoot), { force: true });
  process.kill(pid, 'SIGUSR2');
  while (!existsSync(stoppedPath(execRoot)) && isDaemon(pid)) await delay(POLL_MS);
}

/** Whether the process is a gantryd; the pid file may be left over, and its pid somebody else's. */
function isDaemon(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('gantryd');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return false;
    throw error;
  }
}

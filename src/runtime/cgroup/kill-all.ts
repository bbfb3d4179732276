import { delay } from '#async';
import { isErrno } from '#sys';
import { freeze, thaw } from './freeze.ts';
import { writeOnce } from './steps.ts';
import type { CgroupPlace } from './tree.ts';
import { listPids, processDirectory } from './tree.ts';

/**
 * Kills every process of the cgroup, also stopped and frozen ones, also those that fork meanwhile. v2: `cgroup.kill`
 * (kernel >= 5.14). v1: freeze, signal all, thaw; pids cannot be reused in between. Returns when they are gone, or after
 * `deadlineMs`, whichever is first: the answer says how many remain.
 */
export async function killAll(place: CgroupPlace, { deadlineMs = 5_000 } = {}): Promise<number> {
  const end = performance.now() + deadlineMs;
  // The usual end: nobody is left who could fork.
  if (listPids(place).length === 0) return 0;
  for (;;) {
    if (place.version === 2) killUnified(place);
    else await killFrozen(place);
    let remaining = listPids(place).length;
    for (let pause = 1; remaining > 0 && pause < 64; pause *= 2) {
      await delay(pause);
      remaining = listPids(place).length;
    }
    if (remaining === 0 || performance.now() > end) return remaining;
  }
}

function killUnified(place: CgroupPlace): void {
  try {
    writeOnce(`${processDirectory(place)}/cgroup.kill`, '1');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
}

async function killFrozen(place: CgroupPlace): Promise<void> {
  if (listPids(place).length === 0) return thaw(place);
  try {
    await freeze(place);
  } catch {
    // A process that does not freeze (uninterruptible) still takes the signal; the loop comes back for its children.
  }
  try {
    for (const pid of listPids(place)) kill(pid);
  } finally {
    thaw(place);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

import { delay } from '#async';
import { unavailable } from '#errdefs';
import { isErrno } from '#sys';
import { writeOnce } from './steps.ts';
import type { CgroupPlace } from './tree.ts';
import { processDirectory, readOrAbsent } from './tree.ts';

const DEADLINE_MS = 5_000;

/** Stops every process of the cgroup; returns when the kernel says so. Fails after 5 s and leaves it thawed. */
export async function freeze(place: CgroupPlace, signal?: AbortSignal): Promise<void> {
  const { file, frozen, thawed } = control(place);
  const end = performance.now() + DEADLINE_MS;
  writeOnce(file, frozen);
  while (!isFrozen(place)) {
    if (performance.now() > end || signal?.aborted) {
      writeOnce(file, thawed);
      throw unavailable(`cgroup ${processDirectory(place)} did not freeze within ${DEADLINE_MS / 1000} s`);
    }
    await delay(1);
    // v1: a process that forked meanwhile is frozen by saying it again.
    if (place.version === 1) writeOnce(file, frozen);
  }
}

/** Lets the processes go on; nothing to do when the cgroup is gone. */
export function thaw(place: CgroupPlace): void {
  const { file, thawed } = control(place);
  try {
    writeOnce(file, thawed);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
}

/** Whether every process of the cgroup is stopped by {@link freeze}. */
export function isFrozen(place: CgroupPlace): boolean {
  const directory = processDirectory(place);
  if (place.version === 1) return readOrAbsent(`${directory}/freezer.state`)?.trim() === 'FROZEN';
  return /^frozen 1$/m.test(readOrAbsent(`${directory}/cgroup.events`) ?? '');
}

function control(place: CgroupPlace) {
  const directory = processDirectory(place);
  return place.version === 1
    ? { file: `${directory}/freezer.state`, frozen: 'FROZEN', thawed: 'THAWED' }
    : { file: `${directory}/cgroup.freeze`, frozen: '1', thawed: '0' };
}

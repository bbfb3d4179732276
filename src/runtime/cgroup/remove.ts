import { rmdirSync } from 'node:fs';
import { delay } from '#async';
import { failpoint, isErrno } from '#sys';
import type { CgroupPlace } from './tree.ts';
import { descendants } from './tree.ts';

/** Removes the container's directories; absent ones are success. Throws EBUSY when processes are in them after 2 s. */
export async function removeCgroup(place: CgroupPlace): Promise<void> {
  for (const { path } of place.directories) await removeTree(path);
}

/** Removes a cgroup directory and those that processes inside made below it. */
export async function removeTree(path: string): Promise<void> {
  for (let pause = 1; ; pause *= 2) {
    try {
      removeOne(path);
      failpoint('runtime.cgroup.directory-removed');
      return;
    } catch (error) {
      // The kernel lets go of a cgroup a moment after its last process; most have nothing below them.
      if (!isErrno(error, 'EBUSY', 'ENOTEMPTY') || pause > 1024) throw error;
      if (!removeBelow(path)) await delay(pause);
    }
  }
}

/** Removes what is below a cgroup; false when there was nothing, or it would not go yet. */
function removeBelow(path: string): boolean {
  const below = descendants(path).slice(0, -1);
  try {
    for (const directory of below) removeOne(directory);
  } catch (error) {
    if (!isErrno(error, 'EBUSY', 'ENOTEMPTY')) throw error;
    return false;
  }
  return below.length > 0;
}

function removeOne(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
}

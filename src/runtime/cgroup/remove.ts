import { rmdirSync } from 'node:fs';
import { delay } from '#async';
import { failpoint, isErrno } from '#sys';
import type { CgroupPlace } from './tree.ts';
import { descendants } from './tree.ts';

/** Removes the container's directories; absent ones are success. Throws EBUSY when processes are in them after 2 s. */
export async function removeCgroup(place: CgroupPlace): Promise<void> {
  for (const { path } of place.directories) {
    await removeTree(path);
    failpoint('runtime.cgroup.directory-removed');
  }
}

/** Removes a cgroup directory and those that processes inside made below it. */
export async function removeTree(path: string): Promise<void> {
  for (let pause = 1; ; pause *= 2) {
    try {
      for (const directory of descendants(path)) removeOne(directory);
      return;
    } catch (error) {
      // The kernel lets go of a cgroup a moment after its last process.
      if (!isErrno(error, 'EBUSY', 'ENOTEMPTY') || pause > 1024) throw error;
      await delay(pause);
    }
  }
}

function removeOne(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
}

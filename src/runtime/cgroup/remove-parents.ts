import { rmdirSync } from 'node:fs';
import { posix } from 'node:path';
import { detectCgroups, isErrno } from '#sys';

/** Removes the engine's own cgroups above its containers, once none is left; absent or still used ones are passed over. */
export function removeMarkedParents(suffix: string): void {
  const { version, hierarchies, unified } = detectCgroups();
  const roots = version === 2 ? [unified] : hierarchies.map(({ mountpoint }) => mountpoint);
  for (const root of roots) {
    try {
      rmdirSync(posix.join(root, `gantry${suffix}`));
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'EBUSY', 'ENOTEMPTY')) throw error;
    }
  }
}

import { readdirSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint, getXattr, MS_BIND } from '#sys';
import { FILLING } from './jail/task.ts';
import type { JailMount } from './jail.ts';
import { runJail } from './jail.ts';
import { findDirectory } from './merged.ts';
import type { Staged } from './view.ts';
import { mountForReading, SAFE } from './view.ts';

export interface CopyUp extends Staged {
  readonly path: string;
  readonly destination: string;
}

/**
 * Fills an empty volume with what a container's tree has at a path, through links, owner and mode of the directory
 * included. No directory there: nothing happens. A volume with content is left as it is.
 */
export async function copyUp(request: CopyUp): Promise<void> {
  const { folders, launcher, destination, signal } = request;
  if (isInUse(destination)) return;
  const from = findDirectory(treeOf(request), Buffer.from(request.path));
  if (!from) return;
  if (from.isEmpty) {
    await chown(destination, from.stats.uid, from.stats.gid);
    await chmod(destination, from.stats.mode & 0o7777);
    failpoint('snapshot.copy-up.owned');
    return;
  }
  const to: JailMount = { type: 'none', source: destination, target: '.stage/to', flags: MS_BIND | SAFE, data: '' };
  const path = from.path.toString('latin1');
  const task = { kind: 'populate', root: folders.stage, from: 'from', path, to: 'to', mode: 'volume' } as const;
  const options = { launcher, cwd: folders.root, mounts: [mountForReading(request), to], ...(signal && { signal }) };
  await runJail(task, options);
  failpoint('snapshot.copy-up.filled');
}

/** Whether a volume has content of its own. One that a crash left half filled has a mark: it is filled again. */
function isInUse(volume: string): boolean {
  return readdirSync(volume).length > 0 && getXattr(Buffer.from(volume), FILLING) === undefined;
}

/** The directories of a container's tree, newest first. */
export function treeOf({ folders, key, layers, plainRoot }: Staged): string[] {
  if (plainRoot) return [plainRoot];
  return [join(folders.containers, key, 'upper'), ...layers.map((name) => join(folders.layers, name, 'diff'))];
}

import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint, MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY } from '#sys';
import { EMPTY, lowerNames } from './container-snapshot.ts';
import type { Folders } from './folders.ts';
import type { JailMount } from './jail.ts';
import { runJail } from './jail.ts';
import { findDirectory } from './merged.ts';

const SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC;

export interface CopyUp {
  readonly folders: Folders;
  readonly launcher: string;
  readonly key: string;
  readonly layers: readonly string[];
  /** The container's tree as one directory, where no overlay is used. */
  readonly plainRoot?: string;
  readonly path: string;
  readonly destination: string;
  readonly signal?: AbortSignal;
}

/**
 * Fills an empty volume with what a container's tree has at a path, through links, owner and mode of the directory
 * included. No directory there: nothing happens. A volume with content is left as it is.
 */
export async function copyUp(request: CopyUp): Promise<void> {
  const { folders, launcher, destination, signal } = request;
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
  const options = { launcher, cwd: folders.root, mounts: [source(request), to], ...(signal && { signal }) };
  await runJail(task, options);
  failpoint('snapshot.copy-up.filled');
}

/** The directories of a container's tree, newest first. */
function treeOf({ folders, key, layers, plainRoot }: CopyUp): string[] {
  if (plainRoot) return [plainRoot];
  return [join(folders.containers, key, 'upper'), ...layers.map((name) => join(folders.layers, name, 'diff'))];
}

/** The tree mounted for reading, in the jail only; the container's own mount of it may exist at the same time. */
function source({ key, layers, plainRoot }: CopyUp): JailMount {
  const target = '.stage/from';
  if (plainRoot) return { type: 'none', source: plainRoot, target, flags: MS_BIND | MS_RDONLY | SAFE, data: '' };
  const lower = [`c/${key}/upper`, ...(layers.length > 0 ? [lowerNames(layers)] : []), EMPTY].join(':');
  return { type: 'overlay', source: 'overlay', target, flags: MS_RDONLY | SAFE, data: `userxattr,lowerdir=${lower}` };
}

import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY } from '#sys';
import { EMPTY, lowerNames, overlayMount } from './container-snapshot.ts';
import type { Folders } from './folders.ts';
import type { TaskResult, UnpackLimits } from './jail/task.ts';
import type { JailMount } from './jail.ts';
import { runJail } from './jail.ts';

export const SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC;
/** Where a container's tree is mounted in a jail's own namespace, relative to the snapshot folder. */
const FROM = '.stage/from';

/** A container's tree and what is needed to work on it. */
export interface Staged {
  readonly folders: Folders;
  readonly launcher: string;
  readonly key: string;
  /** Names of its layers, newest first. */
  readonly layers: readonly string[];
  /** Its tree as one directory, where no overlay is used. */
  readonly plainRoot?: string;
  readonly signal?: AbortSignal;
}

/** The tree mounted for reading; the container's own mount of it may exist at the same time. */
export function mountForReading({ key, layers, plainRoot }: Staged): JailMount {
  if (plainRoot) return { type: 'none', source: plainRoot, target: FROM, flags: MS_BIND | MS_RDONLY | SAFE, data: '' };
  const lower = [`c/${key}/upper`, ...(layers.length > 0 ? [lowerNames(layers)] : []), EMPTY].join(':');
  return {
    type: 'overlay',
    source: 'overlay',
    target: FROM,
    flags: MS_RDONLY | SAFE,
    data: `userxattr,lowerdir=${lower}`,
  };
}

function mountForWriting({ key, layers, plainRoot }: Staged): JailMount {
  if (plainRoot) return { type: 'none', source: plainRoot, target: FROM, flags: MS_BIND | SAFE, data: '' };
  const data = overlayMount(key, layers).options.join(',');
  return { type: 'overlay', source: 'overlay', target: FROM, flags: SAFE, data };
}

/** Writes what stands at a path (last link not followed) as an archive in which `name` stands for it. */
export function copyOut(tree: Staged, path: string, name: string, output: Writable): Promise<TaskResult> {
  const task = {
    kind: 'copyOut',
    root: join(tree.folders.root, FROM),
    path: binary(path),
    name: binary(name),
  } as const;
  return runJail(task, { ...tree, cwd: tree.folders.root, mounts: [mountForReading(tree)], output });
}

/** Unpacks an archive into a directory of a container that is not running. */
export function copyIn(tree: Staged, path: string, input: Readable, limits: UnpackLimits): Promise<TaskResult> {
  const task = { kind: 'copyIn', root: join(tree.folders.root, FROM), path: binary(path), limits } as const;
  return runJail(task, { ...tree, cwd: tree.folders.root, mounts: [mountForWriting(tree)], input });
}

/** Writes what a container changed as a layer. */
export function writeDiff({ folders, key, launcher, signal }: Staged, output: Writable): Promise<TaskResult> {
  const root = join(folders.containers, key, 'upper');
  return runJail({ kind: 'diff', root }, { launcher, output, ...(signal && { signal }) });
}

/** Paths travel to the jail one character a byte. */
const binary = (path: string): string => Buffer.from(path.replace(/^\/+/, '')).toString('latin1');

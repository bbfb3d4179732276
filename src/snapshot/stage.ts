import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { MS_BIND } from '#sys';
import type { CopyRules, Found, TaskResult, UnpackLimits } from './jail/task.ts';
import type { JailMount } from './jail.ts';
import { runJail } from './jail.ts';
import type { Staged, View } from './view.ts';
import { FROM, mountsApart, mountsOf, SAFE, usersOf } from './view.ts';

/** What stands at a path, a link at its end not followed. */
export async function findAt(tree: Staged, path: string, view: View): Promise<Found> {
  let found: Found | undefined;
  const onFound = (it: Found) => {
    found = it;
  };
  const task = { kind: 'find', root: rootOf(tree), path: binary(path) } as const;
  await runJail(task, { ...jailOf(tree), mounts: mountsOf(tree, view), users: usersOf(view), onFound });
  return found!;
}

export interface CopyOut {
  readonly path: string;
  /** Stands for the path in the archive. */
  readonly name: string;
  readonly view: View;
  readonly output: Writable;
  /** Hears what stands at the path, before anything is written. */
  readonly onFound: (found: Found) => void;
}

/** Writes what stands at a path as an archive. */
export function copyOut(tree: Staged, { path, name, view, output, onFound }: CopyOut): Promise<TaskResult> {
  const task = { kind: 'copyOut', root: rootOf(tree), path: binary(path), name: binary(name) } as const;
  return runJail(task, { ...jailOf(tree), mounts: mountsOf(tree, view), users: usersOf(view), output, onFound });
}

/** Writes the whole tree as an archive, without what is mounted in it. */
export function exportTree(tree: Staged, view: View, output: Writable): Promise<TaskResult> {
  return runJail(
    { kind: 'export', root: rootOf(tree) },
    { ...jailOf(tree), mounts: mountsOf(tree, view), users: usersOf(view), output },
  );
}

export interface CopyIn {
  readonly path: string;
  readonly rules: CopyRules;
  readonly view: View;
  readonly input: Readable;
  readonly limits: UnpackLimits;
}

/** Unpacks an archive into a directory. */
export function copyIn(tree: Staged, { path, rules, view, input, limits }: CopyIn): Promise<TaskResult> {
  const mounts = rules.mounts.map((mount) => ({ ...mount, path: binary(mount.path) }));
  const task = { kind: 'copyIn', root: rootOf(tree), path: binary(path), limits, rules: { ...rules, mounts } } as const;
  return runJail(task, { ...jailOf(tree), mounts: mountsOf(tree, view), users: usersOf(view), input });
}

export interface CommitRules {
  /** Times that are later become this: seconds since the epoch. */
  readonly latest?: number | undefined;
  /** What made the changes: a copy of a build or a command of it; absent: a container. */
  readonly purpose?: 'step' | 'run' | undefined;
}

/**
 * Writes what a container changed as a layer. An empty directory `copy` (relative to the folder) becomes that layer unpacked;
 * without it the container's own tree does.
 */
export function commitChanges(
  tree: Staged,
  { copy, latest, purpose }: { copy: string | undefined } & CommitRules,
  output: Writable | Promise<Writable>,
): Promise<TaskResult> {
  const adopts = copy === undefined;
  const { mounts, lower } = mountsApart(tree, { writes: adopts });
  const place: JailMount[] = adopts
    ? []
    : [{ type: 'none', source: copy, target: '.stage/copy', flags: MS_BIND | SAFE, data: '' }];
  const task = {
    ...({ kind: 'diff', root: tree.folders.stage, upper: 'from', lower: lower ? 'to' : undefined } as const),
    ...(adopts ? { adopts } : { copy: 'copy' }),
    ...(latest === undefined ? {} : { latest }),
    ...(purpose && { purpose }),
  };
  return runJail(task, { ...jailOf(tree), mounts: [...mounts, ...place], output });
}

/** Writes what a container changed, as a layer or as a list. */
export function writeChanges(tree: Staged, kind: 'diff' | 'changes', output: Writable): Promise<TaskResult> {
  const { mounts, lower } = mountsApart(tree);
  const task = { kind, root: tree.folders.stage, upper: 'from', lower: lower ? 'to' : undefined } as const;
  return runJail(task, { ...jailOf(tree), mounts, output });
}

const rootOf = ({ folders }: Staged): string => join(folders.root, FROM);

function jailOf({ folders, launcher, signal }: Staged) {
  return { launcher, cwd: folders.root, ...(signal && { signal }) };
}

/** Paths travel to the jail one character a byte. */
const binary = (path: string): string => Buffer.from(path).toString('latin1');

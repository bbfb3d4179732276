import * as fs from 'node:fs';
import { getXattr, isErrno } from '#sys/tree';
import { joinPath } from '#tar';
import { OPAQUE } from './attributes.ts';

/** One name that a container changed, as Docker numbers the kinds. */
export interface Change {
  readonly kind: typeof MODIFIED | typeof ADDED | typeof DELETED;
  /** Below the root, without a leading slash. */
  readonly path: Buffer;
  /** What stands there now; undefined when it was deleted. */
  readonly stats: fs.BigIntStats | undefined;
  /** A directory that shows nothing of what the layers below have in it. */
  readonly isOpaque: boolean;
}

export const MODIFIED = 0;
export const ADDED = 1;
export const DELETED = 2;

/** Where things are seen from inside of the jail. */
export interface Trees {
  /** What the container wrote: an overlay's upper directory. */
  readonly upper: Buffer;
  /** The merged layers below it; undefined: there are none. */
  readonly lower: Buffer | undefined;
}

/**
 * `listing`: every name that differs, as people want to see it. `layer`: what makes the container of the layers below
 * it, so also a file that was written without a difference that can be seen, and opaque directories instead of the names
 * that they hide. `step`: a layer of what a build copied; `run`: of what a command of a build left.
 */
export type Purpose = 'listing' | 'layer' | 'step' | 'run';

interface Made {
  readonly files: ReadonlySet<string>;
  readonly directories: ReadonlySet<string>;
}

const OF_CONTAINER: Made = {
  files: new Set(['.dockerenv', 'etc/hosts', 'etc/hostname', 'etc/resolv.conf', 'dev/console']),
  directories: new Set(['dev', 'dev/pts', 'dev/shm', 'proc', 'sys', 'etc']),
};

/** What the engine and the runtime make in a tree so that something can be mounted there, and nobody else has made. */
const MADE: Readonly<Record<Purpose, Made>> = {
  listing: OF_CONTAINER,
  layer: OF_CONTAINER,
  step: { files: new Set(), directories: new Set() },
  // Docker: the directories that every runtime wants stay in the image.
  run: { files: new Set(['etc/hosts', 'etc/resolv.conf']), directories: new Set(['etc']) },
};

interface Directory {
  readonly change: Change;
  /** Undefined where nothing of the layers below is seen. */
  readonly lower: Buffer | undefined;
  readonly names: Buffer[];
  /** Whether it has been given out: one that did not change itself waits for a change in it. */
  told: boolean;
}

/**
 * The changes in the order of their names, directories before what is in them. What vanishes meanwhile is passed over.
 * `leftOut` hears of what the upper directory has and is no change, what is in a directory before that.
 */
export function* walkChanges(
  { upper, lower }: Trees,
  purpose: Purpose,
  leftOut: (path: Buffer) => void = () => {},
): Generator<Change> {
  const stack: Directory[] = [];
  const enter = (change: Change, from: Buffer | undefined, told: boolean) =>
    stack.push(open(place(upper, change.path), { change, lower: from, told, purpose }));
  const top: Change = { kind: MODIFIED, path: Buffer.alloc(0), stats: undefined, isOpaque: false };
  enter(top, lower, true);
  for (let at = stack[0]; at; at = stack[stack.length - 1]) {
    const name = at.names.shift();
    if (!name) {
      stack.pop();
      if (!at.told) leftOut(at.change.path);
      continue;
    }
    const path = at.change.path.length === 0 ? name : joinPath([at.change.path, name]);
    const found = compare(path, { upper, lower: at.lower && joinPath([at.lower, name]), purpose });
    if (!found) {
      leftOut(path);
      continue;
    }
    if (found.isChanged) yield* tellAll(stack, found.change);
    if (found.change.stats?.isDirectory()) enter(found.change, found.below, found.isChanged);
  }
}

/** Directories that waited, from the top, and then the change itself. */
function* tellAll(stack: readonly Directory[], change: Change): Generator<Change> {
  for (const directory of stack) {
    if (directory.told) continue;
    directory.told = true;
    yield directory.change;
  }
  yield change;
}

function open(
  at: Buffer,
  { change, lower, told, purpose }: Omit<Directory, 'names'> & { readonly purpose: Purpose },
): Directory {
  const names = new Map(namesIn(at).map((name) => [name.toString('latin1'), name]));
  // The names that an opaque directory hides are changes too, in a list.
  if (change.isOpaque && lower && purpose === 'listing') {
    for (const name of namesIn(lower)) names.set(name.toString('latin1'), name);
  }
  return { change, lower, told, names: [...names.values()].sort(Buffer.compare) };
}

interface Compared {
  readonly change: Change;
  readonly isChanged: boolean;
  /** What of the layers below is seen in it, when it is a directory. */
  readonly below: Buffer | undefined;
}

function compare(path: Buffer, { upper, lower, purpose }: Trees & { readonly purpose: Purpose }): Compared | undefined {
  const key = path.toString('latin1');
  const stats = lstat(place(upper, path));
  const before = lower && lstat(lower);
  if (!stats || isWhiteout(stats)) {
    if (!before) return undefined;
    return { change: { kind: DELETED, path, stats: undefined, isOpaque: false }, isChanged: true, below: undefined };
  }
  const isOfBuild = purpose === 'step' || purpose === 'run';
  if (stats.isFile() && stats.size === 0n && MADE[purpose].files.has(key) && !(isOfBuild && before)) return undefined;
  const isOpaque = stats.isDirectory() && getXattr(place(upper, path), OPAQUE.name)?.equals(OPAQUE.value) === true;
  if (!before) {
    const isMade = stats.isDirectory() && MADE[purpose].directories.has(key);
    const change = { kind: isMade ? MODIFIED : ADDED, path, stats, isOpaque } as const;
    return { change, isChanged: !isMade, below: undefined };
  }
  const isChanged = differs(stats, before, purpose) || (isOpaque && purpose !== 'listing');
  const isMerged = stats.isDirectory() && before.isDirectory() && !(isOpaque && purpose !== 'listing');
  const below = isMerged ? lower : undefined;
  return { change: { kind: MODIFIED, path, stats, isOpaque }, isChanged, below };
}

/** Docker: size and time of a directory say nothing of it. */
function differs(now: fs.BigIntStats, before: fs.BigIntStats, purpose: Purpose): boolean {
  if (now.mode !== before.mode || now.uid !== before.uid || now.gid !== before.gid) return true;
  if (now.isDirectory()) return false;
  return (
    purpose !== 'listing' || now.rdev !== before.rdev || now.mtimeNs !== before.mtimeNs || now.size !== before.size
  );
}

/** A device 0/0 is how an overlay says that a name is gone. */
function isWhiteout(stats: fs.BigIntStats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}

function place(tree: Buffer, path: Buffer): Buffer {
  return path.length === 0 ? tree : joinPath([tree, path]);
}

function namesIn(path: Buffer): Buffer[] {
  return unlessGone(() => fs.readdirSync(path, { encoding: 'buffer' })) ?? [];
}

function lstat(path: Buffer): fs.BigIntStats | undefined {
  return unlessGone(() => fs.lstatSync(path, { bigint: true }));
}

/** Undefined for what is not there, or no longer. */
export function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}

import type { Stats } from 'node:fs';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { invalid } from '#errdefs';
import type { FileXattr, Timespec } from '#sys';
import { AT_FDCWD, getXattr, isErrno, listXattrs, O_PATH, openat, readDirectory, readlinkat, timespec } from '#sys';
import { directoryFlags, inDirectory } from './tree-fd.ts';

const OPAQUE = Buffer.from('user.overlay.opaque');
const LINKS = 40;
const COMPONENTS = 512;
const SLASH = 0x2f;

/** Something found in a merged tree, open as a place (O_PATH); `path` is where it is, links resolved. */
interface Found {
  readonly fd: number;
  readonly stats: Stats;
}

/** Descriptors opened during one look-up, all closed at its end. */
class Opened implements Disposable {
  #all = new Set<number>();

  add(fd: number): number {
    this.#all.add(fd);
    return fd;
  }

  close(fds: readonly number[]): void {
    for (const fd of fds) if (this.#all.delete(fd)) closeSync(fd);
  }

  [Symbol.dispose](): void {
    this.close([...this.#all]);
  }
}

/**
 * Reads a regular file of a tree of layers (newest first) as an overlay would show it, without mounting one: removed and
 * opaque names hide what is below, links stay inside. Undefined when there is no such file; one over the limit is an error.
 */
export function readMerged(layers: readonly string[], path: Buffer, limit: number): Buffer | undefined {
  using opened = new Opened();
  const place = walk(opened, layers, path);
  if (!place?.found?.stats.isFile()) return undefined;
  const { fd, stats } = place.found;
  if (stats.size > limit) throw invalid(`${path.toString()} in the image is larger than ${limit} bytes`);
  const file = opened.add(openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK));
  const content = Buffer.alloc(stats.size);
  let length = 0;
  for (let read = -1; read !== 0 && length < stats.size; length += read)
    read = readSync(file, content, length, stats.size - length, null);
  return content.subarray(0, length);
}

/** A directory of a merged tree. */
export interface MergedDirectory {
  /** Where it is, links resolved; without a leading slash. */
  readonly path: Buffer;
  readonly stats: Stats;
  readonly times: { readonly atime: Timespec; readonly mtime: Timespec };
  /** Its attributes, without those of the overlay itself. */
  readonly xattrs: readonly FileXattr[];
  readonly isEmpty: boolean;
}

/** Looks a directory up as {@link readMerged} does; undefined when there is none of that name. */
export function findDirectory(layers: readonly string[], path: Buffer): MergedDirectory | undefined {
  using opened = new Opened();
  const place = walk(opened, layers, path);
  if (!place || place.found) return undefined;
  const { level, names } = place;
  const fd = level[0]!;
  const { atimeNs, mtimeNs } = fstatSync(fd, { bigint: true });
  return {
    path: Buffer.from(names.map((name) => name.toString('latin1')).join('/'), 'latin1'),
    stats: fstatSync(fd),
    times: { atime: timespec(atimeNs), mtime: timespec(mtimeNs) },
    xattrs: listXattrs(inDirectory(fd, Buffer.from('.'))).filter(
      ({ name }) => !name.toString().startsWith(OVERLAY_PREFIX),
    ),
    // A name that a newer layer hides makes "not empty" of an empty one: that costs a copy of nothing.
    isEmpty: level.every((each) => readDirectory(each).length === 0),
  };
}

const OVERLAY_PREFIX = 'user.overlay.';

/**
 * Follows a path component by component. A level is the same directory in each layer that shows it, newest first.
 * The result is a level (the path is a directory), or what stands at its end.
 */
function walk(opened: Opened, layers: readonly string[], path: Buffer) {
  const top = () => layers.map((layer) => opened.add(openat(AT_FDCWD, Buffer.from(layer), directoryFlags)));
  let names: Buffer[] = [];
  let level = top();
  let links = 0;
  let left = split(path);
  let steps = 0;
  while (left.length > 0) {
    if (++steps > COMPONENTS) return undefined;
    const name = left.shift()!;
    if (isDotDot(name)) {
      left = [...names.slice(0, -1), ...left];
      [names, level] = [[], again(opened, level, top)];
      continue;
    }
    const next = enter(opened, level, name);
    if (!next) return undefined;
    if ('level' in next) {
      opened.close(level);
      names.push(name);
      level = next.level;
      continue;
    }
    if (!next.found.stats.isSymbolicLink()) return left.length === 0 ? { ...next, level, names } : undefined;
    if (++links > LINKS) return undefined;
    const target = readlinkat(next.found.fd, Buffer.alloc(0));
    opened.close([next.found.fd]);
    left = target[0] === SLASH ? [...split(target), ...left] : [...names, ...split(target), ...left];
    [names, level] = [[], again(opened, level, top)];
  }
  return { found: undefined, level, names };
}

function again(opened: Opened, level: readonly number[], top: () => number[]): number[] {
  opened.close(level);
  return top();
}

/** One step down: the directory in all layers that show it, or the newest thing of that name. */
function enter(
  opened: Opened,
  level: readonly number[],
  name: Buffer,
): { level: number[] } | { found: Found } | undefined {
  const below: number[] = [];
  for (const directory of level) {
    const found = open(opened, directory, name);
    if (!found) continue;
    if (!found.stats.isDirectory()) {
      if (below.length > 0 || isWhiteout(found.stats)) break;
      return { found };
    }
    const fd = opened.add(openat(found.fd, Buffer.from('.'), directoryFlags));
    opened.close([found.fd]);
    below.push(fd);
    if (getXattr(fd, OPAQUE)?.toString() === 'y') break;
  }
  return below.length === 0 ? undefined : { level: below };
}

function open(opened: Opened, directory: number, name: Buffer): Found | undefined {
  try {
    const fd = opened.add(openat(directory, name, O_PATH | constants.O_NOFOLLOW));
    return { fd, stats: fstatSync(fd) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}

const isWhiteout = (stats: Stats): boolean => stats.isCharacterDevice() && stats.rdev === 0;

const isDotDot = (name: Buffer): boolean => name.length === 2 && name[0] === 0x2e && name[1] === 0x2e;

/** The components of a path, without empty ones and `.`; a NUL ends it, as for the kernel. */
function split(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && path[i] !== SLASH) continue;
    const part = path.subarray(at, i);
    at = i + 1;
    if (part.length > 0 && !(part.length === 1 && part[0] === 0x2e)) parts.push(part);
  }
  return parts;
}

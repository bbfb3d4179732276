import * as fs from 'node:fs';
import { listXattrs, splitDevice, timespec } from '#sys/tree';
import type { EntryType, NewEntry, Time } from '#tar';
import { encodeEntry, joinPath, OPAQUE_NAME, paddingOf, splitPath, TAR_END, whiteoutName } from '#tar';
import { isOverlayXattr } from './attributes.ts';
import type { Purpose, Trees } from './changes.ts';
import { unlessGone, walkChanges } from './changes.ts';
import { writeAround } from './content.ts';
import type { Twin } from './mirror.ts';
import { inside } from './owners.ts';
import type { TaskResult } from './task.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
const STDOUT = 1;
const CHUNK = 2 ** 20;

/**
 * Writes the tree at a path to standard output as an archive. `name` stands for its top (empty: the top has no entry of
 * its own). What vanishes meanwhile is passed over: the container may be running.
 */
export function packTree(path: Buffer, name: Buffer): TaskResult {
  const packing = new Packing();
  const stack = [{ path, name }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const at = top;
    const names = unlessGone(() => {
      const stats = fs.lstatSync(at.path, { bigint: true });
      packing.add(at.path, at.name, stats);
      return stats.isDirectory() ? fs.readdirSync(at.path, { encoding: 'buffer' }) : [];
    });
    // In the order of their names, and so the same archive for the same tree.
    for (const base of names?.sort(Buffer.compare).reverse() ?? [])
      stack.push({ path: below(at.path, base), name: below(at.name, base) });
  }
  return packing.end();
}

interface PackRules {
  readonly latest?: number;
  readonly purpose?: Exclude<Purpose, 'listing'>;
}

/** Writes what a container changed to standard output as a layer, which `twin` becomes unpacked. */
export function packChanges(
  trees: Trees,
  twin: Twin | undefined,
  { latest = Number.MAX_SAFE_INTEGER, purpose = 'layer' }: PackRules,
): TaskResult {
  const packing = new Packing(twin, latest);
  const leftOut = (path: Buffer) => twin?.leaveOut(path);
  for (const { path, stats, isOpaque } of walkChanges(trees, purpose, leftOut)) {
    if (!stats) packing.hide(path);
    else unlessGone(() => packing.add(joinPath([trees.upper, path]), path, stats));
    if (stats && isOpaque) packing.hideAll(path, stats.mtimeNs);
  }
  twin?.end();
  return packing.end();
}

/** An archive on its way to standard output. */
class Packing {
  /** The first name of each file that has several, by device and inode. */
  readonly #links = new Map<string, Buffer>();
  readonly #chunk = Buffer.allocUnsafe(CHUNK);
  readonly #twin: Twin | undefined;
  /** In seconds: what is later becomes this. */
  readonly #latest: number;
  #size = 0;
  #entries = 0;

  constructor(twin?: Twin, latest = Number.MAX_SAFE_INTEGER) {
    this.#twin = twin;
    this.#latest = latest;
  }

  /** One entry for what stands at a path; a socket has none. */
  add(path: Buffer, name: Buffer, stats: fs.BigIntStats): void {
    if (stats.isSocket()) return void this.#twin?.leaveOut(name);
    const inode = stats.nlink > 1n && !stats.isDirectory() ? `${stats.dev} ${stats.ino}` : '';
    const first = this.#links.get(inode);
    const entry = { ...describe(path, name, stats), mtime: this.#time(stats.mtimeNs) };
    if (first) {
      this.#write({ ...entry, type: 'hardlink', linkName: first, size: 0, xattrs: [] });
      this.#twin?.link(first, name);
    } else if (stats.isFile()) {
      this.#file(path, name, entry);
    } else if (name.length > 0) {
      this.#write(entry);
      this.#twin?.add(entry, name);
      // Docker: the size of an image counts the targets of its symbolic links.
      this.#size += entry.linkName?.length ?? 0;
    }
    if (!first && inode !== '') this.#links.set(inode, name);
  }

  /** A whiteout: this name of the layers below is gone. */
  hide(name: Buffer): void {
    const { parent, base } = splitPath(name);
    this.#write({ type: 'file', name: below(parent, whiteoutName(base)), mtime: { seconds: 0, nanoseconds: 0 } });
    this.#twin?.hide(name);
  }

  /** All that the layers below have in this directory is gone. */
  hideAll(name: Buffer, mtime: bigint): void {
    this.#write({ type: 'file', name: below(name, OPAQUE_NAME), mtime: this.#time(mtime) });
    this.#twin?.hideAll(name);
  }

  end(): TaskResult {
    writeAll(TAR_END);
    return { size: this.#size, entries: this.#entries };
  }

  /** A file that grows or shrinks meanwhile is cut or filled up to the size that its header states. */
  #file(path: Buffer, name: Buffer, entry: NewEntry): void {
    const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const copy = this.#twin?.openFile(name);
    try {
      const size = entry.size ?? 0;
      this.#write(entry);
      for (let at = 0; at < size; ) {
        const want = Math.min(CHUNK, size - at);
        const read = fs.readSync(fd, this.#chunk, 0, want, at);
        if (read === 0) this.#chunk.fill(0, 0, want);
        const piece = this.#chunk.subarray(0, read || want);
        if (copy !== undefined) writeAround(copy, piece, at);
        at += piece.length;
        writeAll(piece);
      }
      writeAll(paddingOf(size));
      this.#size += size;
      this.#twin?.finishFile(name, entry, copy);
    } finally {
      fs.closeSync(fd);
    }
  }

  #time(nanoseconds: bigint): Time {
    const time = timespec(nanoseconds);
    return time.seconds < this.#latest ? time : { seconds: Math.min(time.seconds, this.#latest), nanoseconds: 0 };
  }

  #write(entry: NewEntry): void {
    this.#entries++;
    writeAll(encodeEntry(entry));
  }
}

function describe(path: Buffer, name: Buffer, stats: fs.BigIntStats): Omit<NewEntry, 'mtime'> {
  const type = typeOf(stats);
  const { major, minor } = splitDevice(Number(stats.rdev));
  const isDevice = type === 'char' || type === 'block';
  return {
    type,
    name: type === 'directory' && name.length > 0 && !endsInSlash(name) ? Buffer.concat([name, SLASH]) : name,
    mode: Number(stats.mode) & 0o7777,
    uid: inside('uids', Number(stats.uid)),
    gid: inside('gids', Number(stats.gid)),
    size: type === 'file' ? Number(stats.size) : 0,
    ...(type === 'symlink' && { linkName: fs.readlinkSync(path, { encoding: 'buffer' }) }),
    ...(isDevice && { devMajor: major, devMinor: minor }),
    xattrs: listXattrs(path).filter((xattr) => !isOverlayXattr(xattr.name)),
  };
}

const SLASH = Buffer.from('/');

function typeOf(stats: fs.BigIntStats): EntryType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isBlockDevice() ? 'block' : 'char';
}

function below(name: Buffer, base: Buffer): Buffer {
  if (name.length === 0) return base;
  return endsInSlash(name) ? Buffer.concat([name, base]) : joinPath([name, base]);
}

const endsInSlash = (name: Buffer): boolean => name[name.length - 1] === 0x2f;

function writeAll(bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(STDOUT, bytes, done);
}

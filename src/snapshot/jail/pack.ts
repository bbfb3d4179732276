import * as fs from 'node:fs';
import { getXattr, listXattrs, splitDevice, timespec } from '#sys/tree';
import type { EntryType, NewEntry } from '#tar';
import { encodeEntry, joinPath, OPAQUE_NAME, paddingOf, splitPath, TAR_END, whiteoutName } from '#tar';
import { isOverlayXattr, OPAQUE } from './attributes.ts';
import type { TaskResult } from './task.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
const STDOUT = 1;
const CHUNK = 2 ** 20;

/**
 * Writes a tree to standard output as an archive. `name` stands for the top in it (empty: the top has no entry of its
 * own). As a layer, what the overlay made to hide names becomes whiteouts.
 */
export function packTree(path: Buffer, name: Buffer, isLayer: boolean): TaskResult {
  return new Packing(isLayer).run(path, name);
}

class Packing {
  readonly #isLayer: boolean;
  /** The first name of each file that has several, by inode. */
  readonly #links = new Map<bigint, Buffer>();
  readonly #chunk = Buffer.allocUnsafe(CHUNK);
  #size = 0;
  #entries = 0;

  constructor(isLayer: boolean) {
    this.#isLayer = isLayer;
  }

  run(path: Buffer, name: Buffer): TaskResult {
    const stack = [{ path, name }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (!this.#entry(top.path, top.name)) continue;
      // In the order of their names, and so the same archive for the same tree.
      const names = fs.readdirSync(top.path, { encoding: 'buffer' }).sort(Buffer.compare).reverse();
      for (const base of names) stack.push({ path: joinPath([top.path, base]), name: below(top.name, base) });
    }
    writeAll(TAR_END);
    return { size: this.#size, entries: this.#entries };
  }

  /** Writes one entry; whether it is a directory to go into. */
  #entry(path: Buffer, name: Buffer): boolean {
    const stats = fs.lstatSync(path, { bigint: true });
    if (stats.isSocket()) return false;
    if (this.#isLayer && stats.isCharacterDevice() && stats.rdev === 0n) {
      const { parent, base } = splitPath(name);
      this.#write({ type: 'file', name: below(parent, whiteoutName(base)), mtime: timespec(stats.mtimeNs) });
      return false;
    }
    const first = stats.nlink > 1n && !stats.isDirectory() ? this.#links.get(stats.ino) : undefined;
    const entry = describe(path, name, stats);
    if (first) this.#write({ ...entry, type: 'hardlink', linkName: first, size: 0, xattrs: [] });
    else if (stats.isFile()) this.#file(path, entry);
    else if (name.length > 0) this.#write(entry);
    if (!first && stats.nlink > 1n && !stats.isDirectory()) this.#links.set(stats.ino, name);
    if (!stats.isDirectory()) return false;
    if (this.#isLayer && getXattr(path, OPAQUE.name)?.equals(OPAQUE.value)) {
      this.#write({ type: 'file', name: below(name, OPAQUE_NAME), mtime: timespec(stats.mtimeNs) });
    }
    return true;
  }

  /** A file that grows or shrinks meanwhile is cut or filled up to the size that its header states. */
  #file(path: Buffer, entry: NewEntry): void {
    const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const size = entry.size ?? 0;
      this.#write(entry);
      for (let at = 0; at < size; ) {
        const want = Math.min(CHUNK, size - at);
        const read = fs.readSync(fd, this.#chunk, 0, want, at);
        if (read === 0) this.#chunk.fill(0, 0, want);
        at += read || want;
        writeAll(this.#chunk.subarray(0, read || want));
      }
      writeAll(paddingOf(size));
      this.#size += size;
    } finally {
      fs.closeSync(fd);
    }
  }

  #write(entry: NewEntry): void {
    this.#entries++;
    writeAll(encodeEntry(entry));
  }
}

function describe(path: Buffer, name: Buffer, stats: fs.BigIntStats): NewEntry {
  const type = typeOf(stats);
  const { major, minor } = splitDevice(Number(stats.rdev));
  const isDevice = type === 'char' || type === 'block';
  return {
    type,
    name: type === 'directory' && name.length > 0 ? Buffer.concat([name, SLASH]) : name,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' ? Number(stats.size) : 0,
    mtime: timespec(stats.mtimeNs),
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
  return name.length === 0 ? base : joinPath([name, base]);
}

function writeAll(bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(STDOUT, bytes, done);
}

import * as fs from 'node:fs';
import { AT_FDCWD, getXattr, isErrno, listXattrs, mknodat, removeXattr, setTimes, setXattr, timespec } from '#sys/tree';
import { joinPath } from '#tar';
import { isOverlayXattr, OPAQUE } from './attributes.ts';
import { writeAround } from './content.ts';
import type { TaskResult } from './task.ts';
import { FILLING } from './task.ts';
import { removeTree } from './tree.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFMT } =
  fs.constants;
/** Fills an empty volume with the content of a directory, which also gives it owner, mode and times. */
export function populateVolume(from: Buffer, to: Buffer): TaskResult {
  const left = fs.readdirSync(to, { encoding: 'buffer' });
  const wasCutOff = getXattr(to, FILLING) !== undefined;
  if (left.length > 0 && !wasCutOff) return { size: 0, entries: 0 };
  for (const name of left) removeTree(joinPath([to, name]));
  const isMarked = mark(to);
  const result = new Copy(false).run(from, to);
  if (isMarked) removeXattr(to, FILLING);
  return result;
}

/** Lays a layer over a tree: its whiteouts remove, its opaque directories replace. */
export function mergeLayer(from: Buffer, to: Buffer): TaskResult {
  return new Copy(true).run(from, to);
}

function mark(to: Buffer): boolean {
  try {
    setXattr(to, { name: FILLING, value: Buffer.from('1') });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM')) return false;
    throw error;
  }
}

interface Directory {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly stats: fs.BigIntStats;
  entered: boolean;
}

/** A copy of one tree into another: owners, modes, attributes, times, hard links, devices and holes are kept. */
class Copy {
  readonly #isLayer: boolean;
  /** Where files with several names went, by inode. */
  readonly #links = new Map<bigint, Buffer>();
  readonly #chunk = Buffer.allocUnsafe(2 ** 20);
  #canClone = true;
  #size = 0;
  #entries = 0;

  constructor(isLayer: boolean) {
    this.#isLayer = isLayer;
  }

  run(from: Buffer, to: Buffer): TaskResult {
    const stack: Directory[] = [{ from, to, stats: lstat(from), entered: false }];
    for (let top = stack[0]; top; top = stack[stack.length - 1]) {
      if (top.entered) {
        // Last, as every name made in it changes its time.
        this.#finish(top);
        stack.pop();
        continue;
      }
      top.entered = true;
      for (const name of fs.readdirSync(top.from, { encoding: 'buffer' })) {
        const directory = this.#entry(joinPath([top.from, name]), joinPath([top.to, name]));
        if (directory) stack.push(directory);
      }
    }
    return { size: this.#size, entries: this.#entries };
  }

  #entry(from: Buffer, to: Buffer): Directory | undefined {
    const stats = lstat(from);
    this.#entries++;
    if (this.#isLayer && stats.isCharacterDevice() && stats.rdev === 0n) {
      removeIfThere(to);
      return undefined;
    }
    if (stats.isDirectory()) {
      this.#makeDirectory(from, to);
      return { from, to, stats, entered: false };
    }
    if (this.#isLayer) removeIfThere(to);
    const known = stats.nlink > 1n ? this.#links.get(stats.ino) : undefined;
    if (known) {
      fs.linkSync(known, to);
      return undefined;
    }
    if (stats.nlink > 1n) this.#links.set(stats.ino, to);
    this.#makeOther(from, to, stats);
    copyAttributes(from, to, stats);
    return undefined;
  }

  #makeDirectory(from: Buffer, to: Buffer): void {
    if (this.#isLayer && getXattr(from, OPAQUE.name)?.equals(OPAQUE.value)) removeIfThere(to);
    try {
      fs.mkdirSync(to, 0o700);
    } catch (error) {
      if (!this.#isLayer || !isErrno(error, 'EEXIST')) throw error;
      if (fs.lstatSync(to).isDirectory()) return;
      removeTree(to);
      fs.mkdirSync(to, 0o700);
    }
  }

  #makeOther(from: Buffer, to: Buffer, stats: fs.BigIntStats): void {
    if (stats.isFile()) {
      this.#copyFile(from, to, Number(stats.size));
      this.#size += Number(stats.size);
    } else if (stats.isSymbolicLink()) {
      fs.symlinkSync(fs.readlinkSync(from, { encoding: 'buffer' }), to);
    } else {
      mknodat(AT_FDCWD, to, (Number(stats.mode) & S_IFMT) | 0o600, Number(stats.rdev));
    }
  }

  #copyFile(from: Buffer, to: Buffer, size: number): void {
    if (this.#canClone && size > 0) {
      try {
        fs.copyFileSync(from, to, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
        return;
      } catch {
        // Not this file system: do not try again.
        this.#canClone = false;
        removeIfThere(to);
      }
    }
    const input = fs.openSync(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const output = fs.openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    let at = 0;
    for (let read = -1; read !== 0; at += read) {
      read = fs.readSync(input, this.#chunk, 0, this.#chunk.length, at);
      writeAround(output, this.#chunk.subarray(0, read), at);
    }
    fs.ftruncateSync(output, at);
    fs.closeSync(output);
    fs.closeSync(input);
  }

  #finish({ from, to, stats }: Directory): void {
    copyAttributes(from, to, stats);
  }
}

function lstat(path: Buffer): fs.BigIntStats {
  return fs.lstatSync(path, { bigint: true });
}

function copyAttributes(from: Buffer, to: Buffer, stats: fs.BigIntStats): void {
  fs.lchownSync(to, Number(stats.uid), Number(stats.gid));
  if (!stats.isSymbolicLink()) fs.chmodSync(to, Number(stats.mode) & 0o7777);
  for (const xattr of listXattrs(from)) {
    if (isOverlayXattr(xattr.name)) continue;
    try {
      setXattr(to, xattr);
    } catch (error) {
      // What this file system or this process cannot have (labels of security modules) stays behind, as with Docker.
      if (!isErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM')) throw error;
    }
  }
  setTimes(to, timespec(stats.atimeNs), timespec(stats.mtimeNs));
}

function removeIfThere(path: Buffer): void {
  try {
    removeTree(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
}

import * as fs from 'node:fs';
import { AT_FDCWD, makeDevice, mknodat, setXattr } from '#sys/tree';
import type { NewEntry, Time } from '#tar';
import { joinPath } from '#tar';
import { OPAQUE, setEntryTimes, setOwnership } from './attributes.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, S_IFBLK, S_IFCHR, S_IFIFO } = fs.constants;
const NODES: Readonly<Record<string, number>> = { char: S_IFCHR, block: S_IFBLK, fifo: S_IFIFO };

/** What a tree of its own becomes while a layer is written, so that it is that layer unpacked. */
export interface Twin {
  /** Where the content of a file goes too; undefined: it is there. */
  openFile(name: Buffer): number | undefined;
  finishFile(name: Buffer, entry: NewEntry, fd: number | undefined): void;
  /** Everything but files and the names of files that are there already. */
  add(entry: NewEntry, name: Buffer): void;
  link(first: Buffer, name: Buffer): void;
  /** Hides a name of the layers below. */
  hide(name: Buffer): void;
  /** Hides all that the layers below have in a directory. */
  hideAll(name: Buffer): void;
  /** Something that is in the tree and not in the layer. */
  leaveOut(name: Buffer): void;
  end(): void;
}

/** The tree that an archive would be when it is unpacked as a layer, made from the same entries while it is written. */
export class Mirror implements Twin {
  readonly #root: Buffer;
  readonly #directories: { readonly path: Buffer; readonly mtime: Time }[] = [];

  constructor(root: Buffer) {
    this.#root = root;
  }

  openFile(name: Buffer): number {
    return fs.openSync(this.#at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  }

  finishFile(_name: Buffer, entry: NewEntry, fd: number): void {
    fs.ftruncateSync(fd, entry.size ?? 0);
    finish(fd, entry);
    fs.closeSync(fd);
  }

  add(entry: NewEntry, name: Buffer): void {
    const path = this.#at(name);
    if (entry.type === 'directory') {
      fs.mkdirSync(path, 0o700);
      setOwnership(path, owned(entry));
      this.#directories.push({ path, mtime: entry.mtime! });
      return;
    }
    if (entry.type === 'symlink') fs.symlinkSync(entry.linkName!, path);
    else mknodat(AT_FDCWD, path, NODES[entry.type]! | 0o600, deviceOf(entry));
    finish(path, entry);
  }

  link(first: Buffer, name: Buffer): void {
    fs.linkSync(this.#at(first), this.#at(name));
  }

  hide(name: Buffer): void {
    mknodat(AT_FDCWD, this.#at(name), S_IFCHR, 0);
  }

  hideAll(name: Buffer): void {
    setXattr(this.#at(name), OPAQUE);
  }

  leaveOut(): void {}

  /** Times of directories come last: every name made in one changes them. */
  end(): void {
    for (const { path, mtime } of this.#directories.toReversed()) setEntryTimes(path, { mtime });
  }

  #at(name: Buffer): Buffer {
    return joinPath([this.#root, name]);
  }
}

function finish(file: Buffer | number, entry: NewEntry): void {
  setOwnership(file, owned(entry));
  setEntryTimes(file, { mtime: entry.mtime! });
}

function owned({ type, uid = 0, gid = 0, mode = 0, xattrs = [] }: NewEntry) {
  return { type, uid, gid, mode, xattrs };
}

function deviceOf({ type, devMajor = 0, devMinor = 0 }: NewEntry): number {
  return type === 'fifo' ? 0 : makeDevice(devMajor, devMinor);
}

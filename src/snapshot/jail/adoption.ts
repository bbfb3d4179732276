import * as fs from 'node:fs';
import { isErrno, listXattrs, removeXattr } from '#sys/tree';
import type { NewEntry, Time } from '#tar';
import { joinPath } from '#tar';
import { isOverlayXattr, setEntryTimes } from './attributes.ts';
import type { Twin } from './mirror.ts';

/**
 * The upper directory of a container that is over, on its way to be the layer that is written from it: it has whiteouts and
 * opaque directories already, as they are in a layer. What the archive does not have is removed, and times become those
 * of the archive.
 */
export class Adoption implements Twin {
  readonly #root: Buffer;
  readonly #directories: { readonly path: Buffer; readonly mtime: Time }[] = [];

  constructor(root: Buffer) {
    this.#root = root;
  }

  openFile(): undefined {}

  finishFile(name: Buffer, entry: NewEntry): void {
    this.#setTime(this.#at(name), entry);
  }

  add(entry: NewEntry, name: Buffer): void {
    const path = this.#at(name);
    // Times of directories come last: every name that is removed from one changes them.
    if (entry.type === 'directory') this.#directories.push({ path, mtime: entry.mtime! });
    else this.#setTime(path, entry);
  }

  link(): void {}

  hide(): void {}

  hideAll(): void {}

  leaveOut(name: Buffer): void {
    const path = this.#at(name);
    try {
      if (fs.lstatSync(path).isDirectory()) fs.rmdirSync(path);
      else fs.unlinkSync(path);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }

  end(): void {
    for (const { path, mtime } of this.#directories.toReversed()) setEntryTimes(path, { mtime });
    // The top of a layer is Docker's, whatever the container made of its root.
    fs.chownSync(this.#root, 0, 0);
    fs.chmodSync(this.#root, 0o755);
    for (const { name } of listXattrs(this.#root)) if (!isOverlayXattr(name)) removeXattr(this.#root, name);
  }

  /** Only what is clamped is touched. */
  #setTime(path: Buffer, { mtime }: NewEntry): void {
    const { mtimeNs } = fs.lstatSync(path, { bigint: true });
    if (mtimeNs !== BigInt(mtime!.seconds) * 1_000_000_000n + BigInt(mtime!.nanoseconds))
      setEntryTimes(path, { mtime: mtime! });
  }

  #at(name: Buffer): Buffer {
    return joinPath([this.#root, name]);
  }
}

import { createReadStream, createWriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, stat, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isErrno } from '#sys';

/** The files of a json-file log: the current one and those it was renamed to, `<path>.1` being the youngest of them. */
const MOST_FILES = 1000;

/** An open file of a log. It stays readable when it is renamed or removed. */
export class Segment implements AsyncDisposable {
  readonly inode: bigint;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #isCompressed: boolean;
  #unpacked: Promise<FileHandle> | undefined;

  constructor(file: FileHandle, of: { path: string; inode: bigint; isCompressed: boolean }) {
    this.#file = file;
    this.#path = of.path;
    this.inode = of.inode;
    this.#isCompressed = of.isCompressed;
  }

  /** Its text, to be read at any place; a compressed one is unpacked into a nameless file when it is first asked for. */
  content(): Promise<FileHandle> {
    if (!this.#isCompressed) return Promise.resolve(this.#file);
    this.#unpacked ??= this.#unpack();
    return this.#unpacked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await (await this.#unpacked?.catch(() => undefined))?.close();
  }

  async #unpack(): Promise<FileHandle> {
    const path = `${this.#path}.${process.pid}-${unpacking++}`;
    const target = await open(path, 'wx+', 0o600);
    await unlink(path);
    try {
      const packed = createReadStream('', { fd: this.#file.fd, autoClose: false, start: 0 });
      // Not the handle's own stream: that would hold its close up.
      await pipeline(packed, createGunzip(), createWriteStream('', { fd: target.fd, autoClose: false, start: 0 }));
      return target;
    } catch (error) {
      await target.close();
      throw error;
    }
  }
}

let unpacking = 0;

/** Opens all files, oldest first. The caller closes them. */
export async function openSegments(path: string): Promise<Segment[]> {
  for (;;) {
    const segments: Segment[] = [];
    for (let n = 0; n < MOST_FILES; n++) {
      const segment = (await openSegment(rotatedPath(path, n))) ?? (n > 0 ? await openPacked(path, n) : undefined);
      if (!segment && n > 0) break;
      if (segment) segments.unshift(segment);
    }
    // A rotation in between shows one file twice and hides another.
    const inodes = new Set(segments.map(({ inode }) => inode));
    const current = await inodeOf(path);
    if (inodes.size === segments.length && current === segments.at(-1)?.inode) return segments;
    await closeSegments(segments);
  }
}

/** The name of the `n`th file, 0 being the current one. */
export const rotatedPath = (path: string, n: number): string => (n === 0 ? path : `${path}.${n}`);

export async function closeSegments(segments: readonly Segment[]): Promise<void> {
  await Promise.all(segments.map((segment) => segment[Symbol.asyncDispose]()));
}

/** The inode that a path names now. */
export async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const openPacked = (path: string, n: number) => openSegment(`${rotatedPath(path, n)}.gz`, true);

async function openSegment(path: string, isCompressed = false): Promise<Segment | undefined> {
  try {
    const file = await open(path, 'r');
    return new Segment(file, { path, inode: (await file.stat({ bigint: true })).ino, isCompressed });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

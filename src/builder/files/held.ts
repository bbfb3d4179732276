import type { Stat } from '#buildkit';
import { isDirectory, isRegular, isSymlink, toStMode } from '#buildkit';
import { makeDevice } from '#sys';

/** What is in a regular file of a folder of ours. */
export interface Content {
  /** SHA-256, in hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

export type Xattrs = readonly (readonly [name: string, value: string])[];

/** A file of a folder of ours: as the other side told it, and what is in it. Paths, names and values are latin1 text. */
export class Held {
  readonly uid: number;
  readonly gid: number;
  /** Go's, as it was told, and st_mode. */
  readonly goMode: number;
  readonly mode: number;
  /** What came may be more or less, when the file changed meanwhile. */
  readonly toldSize: number;
  /** Of a directory: as it was told last. */
  modTime: bigint;
  /** Of a link. */
  readonly target: string;
  /** st_rdev. */
  readonly rdev: number;
  /** In the order of names. */
  readonly xattrs: Xattrs;
  /** Of a regular file that is complete. */
  content: Content | undefined;
  /** Of a hard link: the file that it is a name of. */
  original: Held | undefined;
  /** The transfer that told of it last. */
  transfer = 0;

  constructor(told: ToldFile) {
    this.uid = told.uid;
    this.gid = told.gid;
    this.goMode = told.goMode;
    this.mode = toStMode(told.goMode);
    this.toldSize = told.toldSize;
    this.modTime = told.modTime;
    this.target = told.target;
    this.rdev = told.rdev;
    this.xattrs = told.xattrs;
    this.content = told.content;
  }

  /** Bytes that are there. */
  get size(): number {
    return this.content?.size ?? 0;
  }

  isFile(): boolean {
    return isRegular(this.goMode);
  }

  isDirectory(): boolean {
    return isDirectory(this.goMode);
  }

  isSymbolicLink(): boolean {
    return isSymlink(this.goMode);
  }

  isSocket(): boolean {
    return (this.mode & 0o170000) === 0o140000;
  }

  isHardLink(): boolean {
    return this.isFile() && this.target !== '';
  }
}

export type ToldFile = Pick<
  Held,
  'uid' | 'gid' | 'goMode' | 'toldSize' | 'modTime' | 'target' | 'rdev' | 'xattrs' | 'content'
>;

export type HeldFiles = Map<string, Held>;

/** A file as it is told. */
export function heldOf(stat: Stat): Held {
  const { mode, uid, gid, size, modTime } = stat;
  return new Held({
    ...{ goMode: mode, uid, gid, toldSize: size, modTime },
    target: latin1(stat.linkname),
    rdev: makeDevice(stat.devmajor, stat.devminor),
    xattrs: xattrsOf(stat),
    content: undefined,
  });
}

/** Whether the content need not come again; of directories only owner, mode and attributes matter. */
export function isSame(held: Held, stat: Stat): boolean {
  return (
    held.goMode === stat.mode &&
    held.uid === stat.uid &&
    held.gid === stat.gid &&
    ((held.toldSize === stat.size && held.modTime === stat.modTime) || isDirectory(stat.mode)) &&
    (stat.linkname.length === 0 ? held.target === '' : held.target === latin1(stat.linkname)) &&
    held.rdev === makeDevice(stat.devmajor, stat.devminor) &&
    sameXattrs(held.xattrs, xattrsOf(stat))
  );
}

function sameXattrs(a: Xattrs, b: Xattrs): boolean {
  return a.length === b.length && a.every(([name, value], n) => name === b[n]![0] && value === b[n]![1]);
}

const NONE: Xattrs = [];

/** The attributes that are taken over, of files and directories. */
function xattrsOf({ xattrs, mode }: Stat): Xattrs {
  if (xattrs.size === 0 || !(isRegular(mode) || isDirectory(mode))) return NONE;
  const kept = [...xattrs].map(([name, value]) => [latin1(Buffer.from(name)), latin1(value)] as const);
  return kept.filter(([name]) => isKept(name)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What overlays use for themselves, and what only belongs to the client's host, is not taken over. */
export const isKept = (name: string): boolean =>
  name === 'security.capability' || (name.startsWith('user.') && !name.startsWith('user.overlay.'));

const latin1 = (bytes: Uint8Array): string =>
  bytes.length === 0 ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** The path of a file in a folder, as bytes. */
export function inside(root: Buffer, path: string): Buffer {
  return path === '' ? root : Buffer.concat([root, SLASH, Buffer.from(path, 'latin1')]);
}

const SLASH = Buffer.from('/');

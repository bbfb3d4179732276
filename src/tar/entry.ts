/** A point in time as tar keeps it: whole seconds since the epoch (may be negative) and 0 to 999,999,999 nanoseconds. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** What an entry is. `other` keeps the type flag of a format that we do not know: its reader decides. */
export type EntryType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo' | 'other';

/** An extended attribute: names and values are bytes. */
export interface Xattr {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** A stretch of data in a sparse file; everything outside of them reads as zeros. */
export interface Segment {
  readonly offset: number;
  readonly length: number;
}

/** One entry of an archive. Names are the archive's own bytes, unchecked: clean them with `cleanPath` before use. */
export interface TarEntry {
  readonly type: EntryType;
  /** The type flag as it stood in the header, e.g. `0`. */
  readonly flag: string;
  readonly name: Buffer;
  /** Target of a hard or symbolic link, else empty. */
  readonly linkName: Buffer;
  /** Permission bits with setuid, setgid and sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: Buffer;
  readonly gname: Buffer;
  /** Length of the file as it will be read, holes included; 0 for everything without content. */
  readonly size: number;
  readonly mtime: Time;
  readonly atime?: Time;
  readonly ctime?: Time;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: readonly Xattr[];
  /** The data stretches of a sparse file, ascending and disjoint; absent for a file without holes. */
  readonly sparse?: readonly Segment[];
}

/** Bounds of one archive; what exceeds them is an invalid-argument error. */
export interface TarLimits {
  readonly entries: number;
  /** Bytes of one name or link name. */
  readonly nameBytes: number;
  /** Bytes of one PAX header or GNU long name. */
  readonly paxBytes: number;
  /** Stretches of one sparse file. */
  readonly segments: number;
}

export const DEFAULT_LIMITS: TarLimits = {
  entries: 2_000_000,
  nameBytes: 4096,
  paxBytes: 1024 * 1024,
  segments: 65_536,
};

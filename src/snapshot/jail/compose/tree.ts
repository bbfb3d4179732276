import type { ActionDigest } from './work.ts';

/** What is known of a file without opening it; of lstat(2), or as it was told. */
export interface Facts {
  /** st_mode. */
  readonly mode: number | bigint;
  readonly uid: number | bigint;
  readonly gid: number | bigint;
  /** Bytes. */
  readonly size: number | bigint;
  /** st_rdev. */
  readonly rdev: number | bigint;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isSocket(): boolean;
}

/** A tree that files are selected from: one on a disk, or one that is known without looking. Paths begin with its root, as latin1 text. */
export interface Tree<S extends Facts = Facts> {
  readonly root: string;
  /** The last link is not followed; undefined: it is not there. */
  facts(path: string): S | undefined;
  /** Of a directory; in the order of their bytes. */
  names(path: string): readonly string[];
  /** Where a link leads; undefined for what is none. */
  target(path: string): string | undefined;
}

/** A tree with what is in its files. */
export interface ContentTree extends Tree {
  /** Names and values of its attributes, as latin1 text, in the order of names; without those of overlays. */
  xattrs(path: string): readonly (readonly [name: string, value: string])[];
  /** SHA-256 of a file, in hex. */
  content(path: string): string;
  /** Whether a file is an archive; undefined: it would have to be opened. */
  isArchive(path: string): Promise<boolean | undefined>;
}

/** A tree whose files need not be looked at: true while nobody writes there. It keeps what was computed of it. */
export interface KnownTree extends ContentTree {
  readonly digests: Map<string, ActionDigest>;
}

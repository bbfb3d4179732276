/**
 * What a build asks of a jail, read from its standard input as JSON because it may be long: paths are latin1 text (one
 * character a byte), absolute within their tree.
 */
export interface ComposeWork {
  readonly actions: readonly ComposeAction[];
  /** Only tell what would be copied: a digest for each action. */
  readonly digests: boolean;
}

export type ComposeAction = CopyAction | DirectoryAction | DropAction;

export interface CopyAction {
  readonly do: 'copy';
  /** Paths or patterns below the source tree. */
  readonly sources: readonly string[];
  /** A slash at its end makes a directory of it. */
  readonly destination: string;
  /** Whose everything becomes; absent: as in the source tree. */
  readonly owner?: Owner;
  /** Octal, or as chmod(1) takes it; '': as in the source tree. */
  readonly mode: string;
  /** As in .dockerignore, below the source tree. */
  readonly excludes: readonly string[];
  /** The same, below each directory that is copied; with `parents`, as the path is kept. */
  readonly omits?: readonly string[];
  /** The path below the source tree is kept, or what of it comes behind `/./`. */
  readonly parents: boolean;
  /** Whether it is told which of the sources are archives. */
  readonly unpack: boolean;
  /** Names of sources that are not copied. */
  readonly skip?: readonly string[];
  /** Of the files alone: seconds since the epoch. */
  readonly mtime?: number;
}

/** Makes a directory that is missing, with those above it. */
export interface DirectoryAction {
  readonly do: 'directory';
  readonly path: string;
  readonly owner?: Owner;
}

/** Takes away places for mounts that a runtime made: what is empty, nothing else. Children before parents. */
export interface DropAction {
  readonly do: 'drop';
  readonly paths: readonly string[];
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What an action would copy, or why it cannot. */
export type ActionDigest = CopyDigest | { readonly error: string };

export interface CopyDigest {
  readonly digest: string;
  readonly size: number;
  /** Paths of files below the source tree that are archives, if that was asked. */
  readonly archives: readonly string[];
}

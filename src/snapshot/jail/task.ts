import type { ActionDigest } from './compose/work.ts';

/** Bounds of one layer; what exceeds them fails the task. */
export interface UnpackLimits {
  readonly entries: number;
  /** Unpacked bytes that are always allowed, and how many more a packed byte may become. */
  readonly freeBytes: number;
  readonly ratio: number;
  /** Memory for the names of directories whose times are set at the end. */
  readonly directoryBytes: number;
}

export const DEFAULT_UNPACK_LIMITS: UnpackLimits = {
  entries: 2_000_000,
  freeBytes: 2 ** 30,
  ratio: 100,
  directoryBytes: 256 * 2 ** 20,
};

/**
 * What a jail can be asked to do, as JSON. `root` becomes the process's root directory; other paths are below it, as
 * latin1 text (one character a byte), because names are bytes.
 */
export type Task =
  /** Standard input is a layer, gzip, zstd or plain, with this digest when unpacked; it becomes the content of `root`. */
  | { readonly kind: 'unpack'; readonly root: string; readonly diffId: string; readonly limits: UnpackLimits }
  /** Standard input is that layer: what of `root` is not as it says is told. */
  | { readonly kind: 'compare'; readonly root: string; readonly limits: UnpackLimits }
  /** Standard input is an archive that is unpacked as it is, without whiteouts, into the directory `path`, links followed. */
  | {
      readonly kind: 'copyIn';
      readonly root: string;
      readonly path: string;
      readonly limits: UnpackLimits;
      readonly rules: CopyRules;
    }
  /** What stands at `path` (the last link not followed) is found, and that is all. */
  | { readonly kind: 'find'; readonly root: string; readonly path: string }
  /** The same, and then it goes to standard output as an archive in which `name` stands for its top. */
  | { readonly kind: 'copyOut'; readonly root: string; readonly path: string; readonly name: string }
  /** The whole tree goes to standard output as an archive, its top without an entry. */
  | { readonly kind: 'export'; readonly root: string }
  /** What the upper directory `upper` changes of `lower` goes to standard output: as a layer, or as a list. */
  | {
      readonly kind: 'diff' | 'changes';
      readonly root: string;
      readonly upper: string;
      readonly lower: string | undefined;
      /** An empty directory that becomes the layer unpacked, of a `diff`. */
      readonly copy?: string;
      /** Whether `upper` itself becomes that, of a `diff`. */
      readonly adopts?: boolean;
      /** Times of a `diff` that are later become this: seconds since the epoch. */
      readonly latest?: number;
      /** What a `diff` is of: a container, or a build's copy or command. */
      readonly purpose?: 'layer' | 'step' | 'run';
    }
  /**
   * The content of the directory `path` below `from` is copied into the directory `to`, which gets its owner and mode.
   * `layer`: `from` is a layer on top of what `to` already has. `volume`: `to` is left alone unless it is empty.
   */
  | {
      readonly kind: 'populate';
      readonly root: string;
      readonly from: string;
      readonly path: string;
      readonly to: string;
      readonly mode: 'volume' | 'layer';
    }
  /** What standard input asks for (`compose/work.ts`), from the tree `from` of the root into its tree `to`. */
  | { readonly kind: 'compose'; readonly root: string; readonly limits: UnpackLimits };

/** What a copy into a container has to respect. */
export interface CopyRules {
  /** A directory is not replaced by something else, and nothing else by a directory. */
  readonly keepsKinds: boolean;
  /** Whose everything becomes; absent: as the archive says. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly readonlyRoot: boolean;
  /** What is mounted where; a path is judged by the first that it is in. */
  readonly mounts: readonly { readonly path: string; readonly readonly: boolean }[];
}

/** What stands at a path, told before any of it is copied. */
export interface Found {
  readonly size: number;
  /** As stat(2) has it. */
  readonly mode: number;
  /** Nanoseconds since the epoch, in decimal. */
  readonly mtime: string;
  /** Where a link leads in the end, all links on the way resolved as far as they exist (latin1); else empty. */
  readonly target: string;
}

/** Attribute of a volume while it is being filled: one that still has it was cut off, and is filled from the start. */
export const FILLING: Buffer = Buffer.from('user.gantry.filling');

/** What a task tells when it has succeeded: bytes of files, symbolic links counting as their targets, and names made (or read). */
export interface TaskResult {
  readonly size: number;
  readonly entries: number;
  /** Directories that the archive takes for granted without an entry of their own (latin1). */
  readonly implied?: readonly string[];
  /** Of a `compare`: the first names that are not as the archive says (latin1). */
  readonly differing?: readonly string[];
  /** Of a `compose` that only tells: for each action. */
  readonly digests?: readonly ActionDigest[];
}

/** A line of JSON that a jail writes to descriptor 3: the last one is its result or its error. */
export type TaskAnswer =
  | { readonly found: Found }
  | { readonly result: TaskResult }
  | { readonly error: { readonly message: string; readonly kind?: string; readonly code?: string } };

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
  /** Standard input is an archive that is unpacked as it is, without whiteouts, into the directory `path`, links followed. */
  | { readonly kind: 'copyIn'; readonly root: string; readonly path: string; readonly limits: UnpackLimits }
  /** The tree at `path` goes to standard output as an archive in which `name` stands for its top. */
  | { readonly kind: 'copyOut'; readonly root: string; readonly path: string; readonly name: string }
  /** What the upper directory `root` changes goes to standard output as a layer. */
  | { readonly kind: 'diff'; readonly root: string }
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
    };

/** Attribute of a volume while it is being filled: one that still has it was cut off, and is filled from the start. */
export const FILLING: Buffer = Buffer.from('user.gantry.filling');

/** What a task tells when it has succeeded: bytes of files, symbolic links counting as their targets, and names made (or read). */
export interface TaskResult {
  readonly size: number;
  readonly entries: number;
  /** Directories that the archive takes for granted without an entry of their own (latin1). */
  readonly implied?: readonly string[];
}

/** The one line of JSON that a jail writes to descriptor 3. */
export type TaskAnswer =
  | { readonly result: TaskResult }
  | { readonly error: { readonly message: string; readonly kind?: string; readonly code?: string } };

import type { IdMaps } from '#oci';
import { MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REC } from '#sys';
import { EMPTY, lowerNames, overlayMount } from './container-snapshot.ts';
import type { Folders } from './folders.ts';
import type { JailMount, JailUsers } from './jail.ts';

/** Of the launcher; mount(2) uses it for itself only. */
const SHIFTED = 1 << 29;

export const SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC;
/** Where a container's tree is mounted in a jail's own namespace, relative to the snapshot folder. */
export const FROM = '.stage/from';
export const TO = '.stage/to';

/** A container's tree and what is needed to work on it. */
export interface Staged {
  readonly folders: Folders;
  readonly launcher: string;
  readonly key: string;
  /** Names of its layers, newest first. */
  readonly layers: readonly string[];
  /** Its tree as one directory, where no overlay is used. */
  readonly plainRoot?: string;
  readonly signal?: AbortSignal;
}

/** A process that has a container's tree mounted at a path of its own mount namespace. */
export interface Holder {
  readonly pid: number;
  /** When it was started, in clock ticks since boot. */
  readonly startTime: number;
  readonly path: string;
  /** The ids of its user namespace, where that is not the host's. */
  readonly owners?: IdMaps;
}

/** What is bound into a container's tree, parents before children. */
export interface Bind {
  readonly source: string;
  readonly path: string;
  readonly readonly: boolean;
  readonly recursive: boolean;
  /** Whether its owners are those of the holder's user namespace. */
  readonly isShifted?: boolean;
}

/** How a container's files are looked at. */
export interface View {
  /** Who has the tree mounted now: an overlay must not be mounted twice for writing. */
  readonly holder?: Holder;
  readonly binds?: readonly Bind[];
  /** For writing without a holder: nobody mounts the tree until the work is done. */
  readonly writes: boolean;
}

/** The mounts of a jail that works on the tree at {@link FROM} as its container sees it. */
export function mountsOf(tree: Staged, { holder, binds = [], writes }: View): JailMount[] {
  const flags = writes ? 0 : MS_RDONLY;
  // A place for a bind may have to be made, also for reading.
  const isWritten = writes || binds.length > 0;
  const root: JailMount = holder
    ? {
        type: 'tree',
        pid: holder.pid,
        start: holder.startTime,
        path: holder.path,
        target: FROM,
        flags: isWritten ? 0 : MS_RDONLY,
      }
    : isWritten
      ? mountForWriting(tree)
      : mountForReading(tree);
  return [
    root,
    ...binds.map(
      (bind): JailMount => ({
        type: 'bind',
        source: bind.source,
        root: FROM,
        path: bind.path,
        flags:
          flags |
          (bind.readonly ? MS_RDONLY : 0) |
          ((bind.recursive ? MS_REC : 0) | (bind.isShifted && holder?.owners ? SHIFTED : 0)),
      }),
    ),
  ];
}

/** Whose owners the tree of {@link mountsOf} has. */
export function usersOf({ holder }: View): JailUsers | undefined {
  return holder?.owners && { pid: holder.pid, start: holder.startTime, maps: holder.owners };
}

/** The tree mounted for reading; the container's own mount of it may exist at the same time. */
export function mountForReading({ key, layers, plainRoot }: Staged): JailMount {
  if (plainRoot) return { type: 'none', source: plainRoot, target: FROM, flags: MS_BIND | MS_RDONLY | SAFE, data: '' };
  const lower = [`c/${key}/upper`, ...(layers.length > 0 ? [lowerNames(layers)] : []), EMPTY].join(':');
  return overlay(FROM, MS_RDONLY | SAFE, `userxattr,lowerdir=${lower}`);
}

/** The tree mounted for writing, which nobody else does meanwhile. */
export function mountForWriting({ key, layers, plainRoot }: Staged, target = FROM): JailMount {
  if (plainRoot) return { type: 'none', source: plainRoot, target, flags: MS_BIND | SAFE, data: '' };
  return overlay(target, SAFE, overlayMount(key, layers).options.join(','));
}

/** What the container wrote at {@link FROM}, the layers below it beside that; `lower` says whether there are any. */
export function mountsApart(
  { key, layers, plainRoot }: Staged,
  { writes = false }: { writes?: boolean } = {},
): { mounts: JailMount[]; lower: boolean } {
  const flags = MS_BIND | (writes ? 0 : MS_RDONLY) | SAFE;
  const upper: JailMount = { type: 'none', source: plainRoot ?? `c/${key}/upper`, target: FROM, flags, data: '' };
  if (plainRoot || layers.length === 0) return { mounts: [upper], lower: false };
  const data = `userxattr,lowerdir=${lowerNames(layers)}:${EMPTY}`;
  return { mounts: [upper, overlay(TO, MS_RDONLY | SAFE, data)], lower: true };
}

function overlay(target: string, flags: number, data: string): JailMount {
  return { type: 'overlay', source: 'overlay', target, flags, data };
}

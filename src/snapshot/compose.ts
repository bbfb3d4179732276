import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MS_BIND, MS_RDONLY } from '#sys';
import { EMPTY, lowerNames } from './container-snapshot.ts';
import type { Folders } from './folders.ts';
import type { ActionDigest, ComposeAction, CopyAction } from './jail/compose/work.ts';
import type { UnpackLimits } from './jail/task.ts';
import type { JailMount } from './jail.ts';
import { runJail } from './jail.ts';
import type { Staged } from './view.ts';
import { FROM, mountForWriting, SAFE, TO } from './view.ts';

/** Where files are copied from: a folder of the host, or layers (base first, by chain id). */
export type SourceTree = { readonly folder: string } | { readonly layers: readonly string[] };

export interface Composition {
  readonly source: SourceTree | undefined;
  readonly actions: readonly ComposeAction[];
}

interface Jail {
  readonly folders: Folders;
  readonly launcher: string;
  readonly limits: UnpackLimits;
  readonly signal?: AbortSignal | undefined;
}

/** How a source appears in a jail; names of layers newest first. */
export function sourceMount(source: { readonly folder: string } | { readonly names: readonly string[] }): JailMount {
  if ('folder' in source) {
    return { type: 'none', source: source.folder, target: FROM, flags: MS_BIND | MS_RDONLY | SAFE, data: '' };
  }
  const data = `userxattr,lowerdir=${[...(source.names.length > 0 ? [lowerNames(source.names)] : []), EMPTY, EMPTY2].join(':')}`;
  return { type: 'overlay', source: 'overlay', target: FROM, flags: MS_RDONLY | SAFE, data };
}

/** An overlay that is only read needs two directories, and not the same twice. */
const EMPTY2 = '.stage/work';

/** Copies files into a snapshot that nobody has mounted. */
export async function compose(
  tree: Staged,
  from: JailMount | undefined,
  work: Jail & Pick<Composition, 'actions'>,
): Promise<void> {
  const mounts = [...(from ? [from] : []), mountForWriting(tree, TO)];
  await run(work, { mounts, actions: work.actions, digests: false });
}

/** What copies would take, by content. */
export async function digests(
  from: JailMount,
  work: Jail & { readonly actions: readonly CopyAction[] },
): Promise<readonly ActionDigest[]> {
  const { digests: found } = await run(work, { mounts: [from], actions: work.actions, digests: true });
  return found ?? [];
}

async function run(
  { folders, launcher, limits, signal }: Jail,
  { mounts, ...work }: { mounts: readonly JailMount[]; actions: readonly ComposeAction[]; digests: boolean },
) {
  const task = { kind: 'compose', root: folders.stage, limits } as const;
  const input = Readable.from([Buffer.from(JSON.stringify(work))]);
  return await runJail(task, { launcher, cwd: folders.root, mounts, input, ...(signal && { signal }) });
}

/** Unpacks an archive into a folder of the host. */
export async function unpackInto(
  folder: string,
  input: Readable,
  { folders, launcher, limits, signal }: Jail,
): Promise<void> {
  const place: JailMount = { type: 'none', source: folder, target: FROM, flags: MS_BIND | SAFE, data: '' };
  const rules = { keepsKinds: false, readonlyRoot: false, mounts: [] };
  const task = { kind: 'copyIn', root: join(folders.root, FROM), path: '/', limits, rules } as const;
  await runJail(task, { launcher, cwd: folders.root, mounts: [place], input, ...(signal && { signal }) });
}

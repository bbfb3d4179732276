import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MS_BIND, MS_RDONLY } from '#sys';
import { EMPTY, lowerNames } from './container-snapshot.ts';
import type { Folders } from './folders.ts';
import { digestOf } from './jail/compose/digest.ts';
import type { KnownTree } from './jail/compose/tree.ts';
import type { ActionDigest, ComposeAction, CopyAction } from './jail/compose/work.ts';
import type { UnpackLimits } from './jail/task.ts';
import type { JailMount } from './jail.ts';
import { runJail } from './jail.ts';
import type { Staged } from './view.ts';
import { FROM, mountForWriting, SAFE, TO } from './view.ts';

/** Where files are copied from: a folder of the host, and what is known of it, or layers (base first, by chain id). */
export type SourceTree =
  | { readonly folder: string; readonly known?: KnownTree | undefined }
  | { readonly layers: readonly string[] };

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

/** What copies would take, by content; only what is not known is looked at. */
export async function digests(
  { from, known }: { readonly from: JailMount; readonly known: KnownTree | undefined },
  work: Jail & { readonly actions: readonly CopyAction[] },
): Promise<readonly ActionDigest[]> {
  const found: (ActionDigest | undefined)[] = [];
  for (const action of work.actions) found.push(known && (await knownDigest(known, action)));
  const actions = work.actions.filter((_, n) => found[n] === undefined);
  if (actions.length === 0) return found as ActionDigest[];
  const { digests: looked = [] } = await run(work, { mounts: [from], actions, digests: true });
  let next = 0;
  return found.map((digest) => digest ?? looked[next++]!);
}

/** A tree is asked for the same again in the next build; more than so many answers are of one that asks at random. */
const MAX_DIGESTS = 100;

async function knownDigest(tree: KnownTree, action: CopyAction): Promise<ActionDigest | undefined> {
  const key = JSON.stringify(action);
  const found = tree.digests.get(key) ?? (await digestOf(tree, action));
  if (tree.digests.size >= MAX_DIGESTS) tree.digests.clear();
  if (found) tree.digests.set(key, found);
  return found;
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

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CopyEffect, CopySource } from '#dockerfile';
import { invalid, notFound } from '#errdefs';
import type { LayerRef } from '#image';
import type { CopyAction, Owner, SourceTree } from '#snapshot';
import { ownerOf } from './accounts.ts';
import { inContext } from './context-tree.ts';
import { fetchGit } from './fetch-git.ts';
import { fetchHttp } from './fetch-http.ts';
import { gitAccess } from './git-access.ts';
import { archivesAmong, readArchive } from './packed.ts';
import type { StepWork } from './step-work.ts';

const ROOT: Owner = { uid: 0, gid: 0 };
const EVERYTHING: readonly never[] = [];

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

/** What of a copy comes out of a tree, as the jail is asked for it, but for its owner. */
export function copyAction(effect: CopyEffect, source: CopySource & { readonly kind: 'files' }): CopyAction {
  const { include, path } = source;
  const parents = include !== undefined;
  const whole = parents ? `${path === '/' ? '' : path}/./${include}` : path;
  return {
    do: 'copy',
    sources: [latin1(whole)],
    destination: latin1(effect.destination),
    mode: modeOf(effect),
    excludes: [],
    omits: effect.exclude,
    parents,
    unpack: source.unpack,
    ...(effect.origin.kind === 'context' && effect.chown === '' ? { owner: ROOT } : {}),
  };
}

function modeOf({ chmod }: CopyEffect): string {
  if (chmod === undefined) return '';
  return chmod.kind === 'octal' ? chmod.mode.toString(8) : chmod.text;
}

/** Puts files into the file system so far. */
export async function copy(work: StepWork, effect: CopyEffect): Promise<void> {
  const owner = effect.chown === '' ? undefined : await ownerOf(work.context, work.key, effect.chown);
  for (const source of effect.sources) {
    if (source.kind === 'files') await copyFiles(work, { effect, source, owner });
    else await withFolder(work, async (folder) => await copyMade(work, { effect, source, owner, folder }));
  }
}

interface FilesCopy {
  readonly effect: CopyEffect;
  readonly source: CopySource & { readonly kind: 'files' };
  readonly owner: Owner | undefined;
}

async function copyFiles(work: StepWork, { effect, source, owner }: FilesCopy): Promise<void> {
  const { context, key, tree, signal } = work;
  const action = { ...copyAction(effect, source), ...(owner && { owner }) };
  if (effect.origin.kind === 'stage') {
    const layers = await work.stage(effect.origin.index);
    await context.snapshots.compose(key, { source: chainOf(layers), actions: [action] }, { signal });
    return;
  }
  const place = await tree.folder();
  const { folder } = place;
  const found = await tree.digest(copyAction(effect, source));
  if ('error' in found) throw notFound(found.error);
  const archives = await archivesAmong(folder, found.archives);
  const ignoring = { ...inContext(place, copyAction(effect, source)), ...(owner && { owner }), skip: archives };
  const target = { do: 'directory' as const, path: action.destination, ...(owner && { owner }) };
  const made = archives.length === 0 ? [] : [target];
  await context.snapshots.compose(key, { source: { folder }, actions: [ignoring, ...made] }, { signal });
  for (const archive of archives) await unpack(work, { effect, archive: folder, name: archive, owner });
}

export const chainOf = (layers: readonly LayerRef[]): SourceTree => ({ layers: layers.map(({ chainId }) => chainId) });

/** Unpacks an archive of a tree, which is opened inside of it only. */
async function unpack(
  { context, key, signal }: StepWork,
  {
    effect,
    archive: root,
    name,
    owner,
  }: { effect: CopyEffect; archive: string; name: string; owner: Owner | undefined },
): Promise<void> {
  const input = readArchive(root, name);
  const path = effect.destination.endsWith('/') ? effect.destination : `${effect.destination}/`;
  const rules = { keepsKinds: false, readonlyRoot: false, mounts: EVERYTHING, ...(owner && { owner }) };
  await context.snapshots.copyIn(key, { path, rules, view: { writes: true }, input }, { signal });
}

interface MadeCopy {
  readonly effect: CopyEffect;
  readonly source: Exclude<CopySource, { kind: 'files' }>;
  readonly owner: Owner | undefined;
  readonly folder: string;
}

/** What comes from elsewhere is put into a folder of its own, and copied from there. */
async function copyMade(work: StepWork, { effect, source, owner, folder }: MadeCopy): Promise<void> {
  const { context, key, signal } = work;
  const common = {
    do: 'copy' as const,
    destination: latin1(effect.destination),
    owner: owner ?? ROOT,
    mode: modeOf(effect),
    excludes: [],
    omits: effect.exclude,
    parents: false,
    unpack: false,
  };
  if (source.kind === 'inline') {
    const name = baseName(source.name);
    writeFileSync(join(folder, name), source.data, { mode: 0o644 });
    await context.snapshots.compose(
      key,
      { source: { folder }, actions: [{ ...common, sources: [latin1(name)] }] },
      { signal },
    );
    return;
  }
  if (source.kind === 'http') {
    const { name, mtime } = await fetchHttp(source, { folder, signal, status: work.sink.status });
    const action = { ...common, sources: [latin1(name)], mtime };
    if (!source.unpack) {
      await context.snapshots.compose(key, { source: { folder }, actions: [action] }, { signal });
      return;
    }
    const made = { do: 'directory' as const, path: action.destination, ...(owner && { owner }) };
    await context.snapshots.compose(key, { source: undefined, actions: [made] }, { signal });
    await unpack(work, { effect, archive: folder, name, owner });
    return;
  }
  const access = await gitAccess(work.inputs, source.remote);
  await fetchGit(source, { folder, signal, log: work.sink.log, access });
  await context.snapshots.compose(
    key,
    { source: { folder }, actions: [{ ...common, sources: [latin1(`/${source.subdir}`)] }] },
    { signal },
  );
}

function baseName(path: string): string {
  const name = path.split('/').findLast((part) => part !== '') ?? '';
  if (name === '' || name === '..' || name === '.') throw invalid(`invalid name of a file: ${JSON.stringify(path)}`);
  return name;
}

async function withFolder(work: StepWork, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(work.context.folder, 'sources', work.key);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, constants, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { PassThrough } from 'node:stream';
import type { PlannedMount, RunEffect } from '#dockerfile';
import { secretId } from '#dockerfile';
import { invalid, notFound } from '#errdefs';
import type { LayerRef } from '#image';
import type { IdMapping, Mount } from '#oci';
import type { StepMount } from '../deps.ts';
import { forwardAgent } from './ssh.ts';
import type { StepWork } from './step-work.ts';

interface Placed {
  readonly target: string;
  readonly source: string | { readonly cwd: string; readonly mount: Mount };
  readonly subpath: string;
}

/** What the mounts of a command are made of. */
export interface Mounted {
  readonly placed: readonly Placed[];
  readonly mounts: readonly StepMount[];
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Secrets that are variables. */
  readonly env: readonly string[];
  /** Places in the file system that exist for a mount only; what is in them comes before them. */
  readonly made: readonly string[];
}

interface Making {
  /** On no disk, gone after the step. */
  readonly folder: string;
  readonly stack: AsyncDisposableStack;
}

type Draft = {
  placed: Placed[];
  mounts: StepMount[];
  tmpfs: Record<string, string>;
  env: string[];
  made: Set<string>;
  /** How many agents it has. */
  agents: number;
};

/** Makes what a command's mounts need. */
export async function mountAll(work: StepWork, effect: RunEffect, making: Making): Promise<Mounted> {
  const draft: Draft = { placed: [], mounts: [], tmpfs: {}, env: [], made: new Set(), agents: 0 };
  if (effect.script) {
    const { folder, name, data } = effect.script;
    const source = join(making.folder, 'script');
    writeFileSync(source, data, { mode: 0o755 });
    chmodSync(source, 0o755);
    draft.mounts.push({ source, destination: posix.join(folder, name), readonly: true });
  }
  for (const mount of effect.mounts)
    await MAKERS[mount.type](work, { mount, workdir: effect.workdir, command: effect.args }, making, draft);
  for (const { destination } of draft.mounts) note(work, destination, draft.made);
  for (const destination of Object.keys(draft.tmpfs)) note(work, destination, draft.made);
  return { ...draft, made: [...draft.made].sort((a, b) => b.length - a.length) };
}

/** Which places the runtime is going to make. */
function note({ context, key }: StepWork, destination: string, made: Set<string>): void {
  const { snapshots } = context;
  if (destination.startsWith('/dev/')) return;
  for (let path = destination; path !== '/' && !exists(path); path = dirname(path)) made.add(path);
  function exists(path: string): boolean {
    return snapshots.hasDirectory(key, path);
  }
}

interface Asked {
  readonly mount: PlannedMount;
  readonly workdir: string;
  readonly command: readonly string[];
}

type Maker = (work: StepWork, asked: Asked, making: Making, draft: Draft) => Promise<void>;

const MAKERS: Readonly<Record<PlannedMount['type'], Maker>> = {
  bind: makeBind,
  cache: makeCache,
  secret: makeSecret,
  tmpfs: async (_work, { mount }, _making, draft) => {
    draft.tmpfs[mount.target] = ['mode=1777', ...(mount.size > 0 ? [`size=${mount.size}`] : [])].join(',');
  },
  ssh: makeSsh,
};

async function makeSsh(
  work: StepWork,
  { mount, workdir }: Asked,
  { folder, stack }: Making,
  draft: Draft,
): Promise<void> {
  const id = mount.id || 'default';
  const isForwarded = (await work.inputs.hasSsh?.(id)) ?? true;
  if (!isForwarded) {
    if (mount.required) throw invalid(`unset ssh forward key ${id}`);
    return;
  }
  const n = draft.agents++;
  const path = join(folder, `ssh-${n}`);
  const { mode = 0o600 } = mount;
  const { uid, gid } = onHost(work, mount);
  stack.use(await forwardAgent(work.inputs, { path, id, uid, gid, mode }));
  const target = mount.target || `/run/buildkit/ssh_agent.${n}`;
  const destination = target.startsWith('/') ? target : posix.join(workdir, target);
  draft.mounts.push({ source: path, destination, readonly: true });
  if (n === 0) draft.env.push(`SSH_AUTH_SOCK=${destination}`);
}

async function makeBind(work: StepWork, { mount }: Asked, making: Making, draft: Draft): Promise<void> {
  const source = await bindSource(work, mount, making);
  const subpath = posix.normalize(`/${mount.source}`).replace(/^\/|\/$/g, '');
  bind(work, draft, { source, subpath, mount });
}

interface Bound {
  readonly source: Placed['source'];
  readonly subpath: string;
  readonly mount: PlannedMount;
}

/** A folder of ours as it is; what is within one, or a mount, is found by the runtime's stub. */
function bind({ context, key }: StepWork, draft: Draft, { source, subpath, mount }: Bound): void {
  const common = { destination: mount.target, readonly: mount.readOnly };
  // The stub shows what it places with the users of the step.
  if (typeof source === 'string' && subpath === '' && !context.idMaps) {
    draft.mounts.push({ source, ...common });
    return;
  }
  const target = context.runtime.place(key, draft.placed.length);
  draft.placed.push({ target, source, subpath: typeof source === 'string' ? subpath || '.' : subpath });
  draft.mounts.push({ source: target, ...common });
}

async function bindSource(work: StepWork, mount: PlannedMount, { stack }: Making): Promise<Placed['source']> {
  const { context, tree, signal } = work;
  const isContext = mount.origin?.kind !== 'stage';
  const layers = mount.origin?.kind === 'stage' ? await work.stage(mount.origin.index) : [];
  if (mount.readOnly) {
    if (isContext) return (await tree.folder()).folder;
    const { cwd, mount: view } = context.snapshots.view(layers.map(({ chainId }) => chainId));
    return { cwd, mount: view };
  }
  // What is written into it is thrown away.
  const key = `${work.key.slice(0, 40)}-${createHash('sha256').update(mount.target).digest('hex').slice(0, 16)}`;
  await context.snapshots.prepare(
    key,
    layers.map(({ chainId }) => chainId),
  );
  stack.defer(() => context.snapshots.remove(key));
  if (isContext) {
    const { folder, excludes } = await tree.folder();
    const all = {
      do: 'copy',
      sources: ['/'],
      destination: '/',
      mode: '',
      excludes,
      omits: [],
      parents: false,
      unpack: false,
    } as const;
    await context.snapshots.compose(key, { source: { folder }, actions: [all] }, { signal });
  }
  const { cwd, mounts } = context.snapshots.mounts(key);
  return { cwd, mount: mounts[0]! };
}

/** Whose a file of ours is that a step sees as these users'. */
function onHost({ context: { idMaps } }: StepWork, { uid = 0, gid = 0 }: Pick<PlannedMount, 'uid' | 'gid'>) {
  if (!idMaps) return { uid, gid };
  return { uid: shifted(idMaps.uids, uid), gid: shifted(idMaps.gids, gid) };
}

function shifted(maps: readonly IdMapping[], id: number): number {
  const map = maps.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return map ? map.hostId + id - map.containerId : id;
}

async function makeSecret(work: StepWork, { mount, workdir }: Asked, { folder }: Making, draft: Draft): Promise<void> {
  const id = secretId(mount);
  const value = await work.inputs.secret(id);
  if (value === undefined) {
    if (mount.required) throw notFound(`secret ${id}: not found`);
    return;
  }
  if (mount.env !== undefined) draft.env.push(`${mount.env || id}=${Buffer.from(value).toString()}`);
  if (mount.env !== undefined && mount.target === '') return;
  const source = join(folder, `secret-${draft.mounts.length}`);
  writeFileSync(source, value, { mode: 0o600 });
  const { uid, gid } = onHost(work, mount);
  chownSync(source, uid, gid);
  chmodSync(source, mount.mode ?? 0o400);
  const target = mount.target || `/run/secrets/${posix.basename(id)}`;
  const destination = target.startsWith('/') ? target : posix.join(workdir, target);
  draft.mounts.push({ source, destination, readonly: true });
}

/** Cache mounts outlive builds; their folders are named by what they are called. */
async function makeCache(work: StepWork, { mount, command }: Asked, { stack }: Making, draft: Draft): Promise<void> {
  const { context, request, signal } = work;
  const namespace = request.buildArgs.get('BUILDKIT_CACHE_MOUNT_NS') ?? '';
  const base = mount.origin?.kind === 'stage' ? await work.stage(mount.origin.index) : undefined;
  const from = base && (base.at(-1)?.chainId ?? 'scratch');
  const name = createHash('sha256')
    .update(JSON.stringify([namespace, mount.id, from ?? ownOf(mount), mount.source]))
    .digest('hex');
  const held = await holdCache(work, name, mount.sharing ?? 'shared');
  stack.use(held);
  if (base) await seed(work, held.name, { layers: base, source: mount.source });
  const owned = { ...onHost(work, mount), mode: mount.mode ?? 0o755 };
  const folder = stack.use(context.mounts.hold(held.name, owned, describe(mount, command)));
  signal.throwIfAborted();
  bind(work, draft, { source: folder.path, subpath: '', mount });
}

/** A cache that begins with files of a stage gets them when it is made. */
async function seed(
  { context, signal }: StepWork,
  name: string,
  { layers, source }: { layers: readonly LayerRef[]; source: string },
): Promise<void> {
  using _lock = await context.cacheMounts.lock(`seed ${name}`, signal);
  await context.mounts.fill(name, async (folder) => {
    const key = randomBytes(32).toString('hex');
    await context.snapshots.prepare(
      key,
      layers.map(({ chainId }) => chainId),
    );
    try {
      const [path, view] = [posix.join('/', source), { writes: false }];
      const { mode } = await context.snapshots.find(key, path, view, { signal });
      if ((mode & constants.S_IFMT) !== constants.S_IFDIR) throw invalid(`failed to mount: ${path} is no directory`);
      await copyTree(context, { key, path, view, folder }, signal);
    } finally {
      await context.snapshots.remove(key);
    }
  });
}

/** Both ends of the copy end when one of them fails. */
async function copyTree(
  { snapshots }: StepWork['context'],
  { key, path, view, folder }: { key: string; path: string; view: { writes: boolean }; folder: string },
  signal: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const until = { signal: AbortSignal.any([signal, failure.signal]) };
  const files = new PassThrough();
  const reading = snapshots
    .copyOut(key, { path, name: '.', view, output: files, onFound: () => {} }, until)
    .then(() => void files.end());
  const work = [reading, snapshots.unpackInto(folder, files, until)].map((part) =>
    part.catch((error) => {
      failure.abort(error);
      files.destroy(error);
      throw error;
    }),
  );
  await Promise.allSettled(work);
  await Promise.all(work);
}

/** BuildKit's words. */
function describe({ target, id }: PlannedMount, command: readonly string[]): string {
  const words = command.join(' ').slice(0, DESCRIBED);
  return `cached mount ${target} from exec ${words}${id && id !== target ? ` with id "${id}"` : ''}`;
}

const DESCRIBED = 1024;

/** Docker: a cache that is given an owner or a mode is another one. */
function ownOf({ uid, gid, mode }: PlannedMount): readonly number[] | null {
  return uid === undefined && gid === undefined && mode === undefined ? null : [uid ?? 0, gid ?? 0, mode ?? 0o755];
}

async function holdCache(
  { context, signal }: StepWork,
  name: string,
  sharing: NonNullable<PlannedMount['sharing']>,
): Promise<Disposable & { readonly name: string }> {
  if (sharing === 'shared') return { name, [Symbol.dispose]: () => {} };
  if (sharing === 'locked') {
    const lock = await context.cacheMounts.lock(name, signal);
    return { name, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  }
  for (let n = 0; ; n++) {
    const own = `${name}-${n}`;
    if (context.cacheMounts.isLocked(own)) continue;
    const lock = await context.cacheMounts.lock(own, signal);
    return { name: own, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  }
}

import { createHash, randomBytes } from 'node:crypto';
import type { BuildPlan, WantedBase } from '#dockerfile';
import { invalid, isKind, notFound } from '#errdefs';
import type { ImageRecord, LayerRef } from '#image';
import type { Digest } from '#oci';
import { canonicalName, digestOf, formatPlatform, hostPlatform, parseReference, platformMatches } from '#oci';
import type { Material } from './artifact/provenance.ts';
import type { Context } from './context.ts';
import type { BuildEvents } from './events.ts';
import type { BuildInputs } from './inputs.ts';
import { namedBase } from './named-base.ts';
import { inContext } from './ops/context-tree.ts';
import type { BuildRequest } from './request.ts';

export interface Asking {
  readonly request: BuildRequest;
  readonly inputs: BuildInputs;
  readonly events: BuildEvents;
  readonly signal: AbortSignal;
  readonly stack: AsyncDisposableStack;
}

export interface Base {
  readonly layers: readonly LayerRef[];
  /** When its image was made, in seconds; undefined: nobody knows. */
  readonly created: number | undefined;
  /** The image it is, for who tells what a result was made of. */
  readonly material?: Material;
}

/** Finds what stages begin with, and the triggers of those may want more; by the stage's number. */
export async function findBases(context: Context, plan: BuildPlan, asking: Asking): Promise<Map<number, Base>> {
  const bases = new Map<number, Base>();
  const sought = new Map<string, Promise<ImageRecord>>();
  for (let wanted = plan.wanted(); wanted.length > 0; wanted = plan.wanted()) {
    await Promise.all(
      wanted.map(async (one) => {
        const named = one.kind === 'image' ? undefined : await namedBase(context, one, asking);
        if (named) {
          bases.set(one.index, named.base);
          plan.found(one, { image: named.image, reference: named.reference });
          return;
        }
        const source = one.kind === 'image' ? one.reference : imageOf(asking.request, one.reference);
        if (source === undefined) {
          bases.set(one.index, await folderBase(context, one, asking));
          plan.found(one, {});
          return;
        }
        const key = `${source} ${formatPlatform(one.platform)}`;
        if (!sought.has(key)) sought.set(key, findImage(context, plan, { one, source }, asking));
        const image = await sought.get(key)!;
        const layers = await context.images.layersOf(image);
        asking.stack.use(context.images.keep(layers));
        const material = { reference: source, digest: image.target.digest, platform: one.platform };
        bases.set(one.index, { layers, created: secondsOf(image), material });
        plan.found(one, { image: image.config, reference: source });
      }),
    );
  }
  return bases;
}

/** `docker-image://` of a named context. */
function imageOf({ namedContexts }: BuildRequest, name: string): string | undefined {
  return /^docker-image:\/\/(.*)$/.exec(namedContexts.get(name) ?? '')?.[1];
}

function secondsOf({ created }: ImageRecord): number | undefined {
  return created === undefined ? undefined : Number(created / 1_000_000_000n);
}

interface Sought {
  readonly one: WantedBase;
  readonly source: string;
}

async function findImage(
  context: Context,
  plan: BuildPlan,
  { one, source }: Sought,
  asking: Asking,
): Promise<ImageRecord> {
  const { events, request } = asking;
  const digest = digestOf(Buffer.from(`metadata ${source}`));
  events.vertex({ digest, name: `[internal] load metadata for ${source}`, inputs: [], line: 0, step: 0 });
  events.started(digest);
  try {
    const here = imageHere(context, { one, source });
    const image = !here || request.pull ? await pull(context, { one, source }, digest, asking) : here;
    events.completed(digest, { cached: false });
    return image;
  } catch (error) {
    const here = request.pull ? imageHere(context, { one, source }) : undefined;
    if (here && !asking.signal.aborted && isKind(error, 'unavailable')) {
      events.completed(digest, { cached: true });
      return here;
    }
    asking.signal.throwIfAborted();
    const told = plan.notFound(one, `failed to resolve source metadata for ${source}: ${(error as Error).message}`);
    events.failed(digest, told);
    throw told;
  }
}

/** Docker: what is here for another platform is not here. */
function imageHere({ images }: Context, { one, source }: Sought): ImageRecord | undefined {
  const id = images.idOf(source);
  const image = id && images.get(id);
  if (!image) return undefined;
  const { os, architecture, variant } = image.config;
  const own = { os: os || 'linux', architecture: architecture || hostPlatform().architecture, variant };
  return platformMatches(one.platform, own) ? image : undefined;
}

/** What is here under the name, for another platform, keeps it. */
async function pull(context: Context, { one, source }: Sought, digest: Digest, asking: Asking): Promise<ImageRecord> {
  const { events, inputs, signal } = asking;
  const reference = parseReference(source);
  const credentials = await inputs.auth(canonicalName(reference).split('/', 1)[0]!);
  const started = new Map<string, Date>();
  let pulled: Digest | undefined;
  const isOthers = context.images.idOf(source) !== undefined && !imageHere(context, { one, source });
  const asBase = (id: Digest) => {
    pulled = id;
  };
  const platform = formatPlatform(one.platform);
  const options = { signal, platform, ...(credentials && { credentials }), ...(isOthers && { asBase }) };
  for await (const { id, progressDetail, errorDetail, error } of context.images.pull(source, '', options)) {
    if (errorDetail || error) throw new Error(errorDetail?.message ?? error);
    if (!id || !progressDetail?.total) continue;
    if (!started.has(id)) started.set(id, new Date());
    const { current = 0, total } = progressDetail;
    events.status(digest, { id, name: id, current, total, started: started.get(id)! });
  }
  const image = pulled === undefined ? undefined : context.images.get(pulled);
  return image ?? context.images.resolve(source);
}

/** A folder of the client as a file system: a layer of its own. */
async function folderBase(context: Context, { reference }: WantedBase, asking: Asking): Promise<Base> {
  const { inputs, signal, stack } = asking;
  const name = reference.replace(/::.*$/, '');
  const found =
    (await inputs.contextNamed(reference, { paths: undefined })) ??
    (await inputs.contextNamed(name, { paths: undefined }));
  if (!found) {
    const value = asking.request.namedContexts.get(reference) ?? '';
    throw value === '' ? notFound(`context ${name} not found`) : invalid(`unsupported context ${name}: ${value}`);
  }
  const { folder, files } = found;
  const action = inContext(found, {
    do: 'copy',
    ...{ sources: ['/'], destination: '/', mode: '', excludes: [], parents: false, unpack: false },
    owner: { uid: 0, gid: 0 },
  });
  const [content] = await context.snapshots.digests({ folder, known: files }, [action], { signal });
  const key = `sha256:${createHash('sha256')
    .update(JSON.stringify(['context', content]))
    .digest('hex')}`;
  const cached = context.rows.get(key);
  if (cached?.chain.every(({ chainId }) => context.snapshots.has(chainId))) {
    stack.use(context.images.keep(cached.chain));
    return { layers: cached.chain, created: undefined };
  }
  const id = randomBytes(32).toString('hex');
  await context.snapshots.prepare(id, []);
  try {
    await context.snapshots.compose(id, { source: { folder }, actions: [action] }, { signal });
    const layer = await context.images.addLayer({
      below: [],
      signal,
      write: (output) => context.snapshots.commit(id, output, { signal, adopts: true, purpose: 'step' }),
      record: (made) => {
        const now = Date.now();
        context.rows.put({
          ...{ id: key, type: 'source.local', description: `[context ${name}]`, chain: made ? [made] : [] },
          ...{ own: made !== undefined, size: made?.size ?? 0, parents: [], createdAt: now, usedAt: now, uses: 0 },
        });
      },
    });
    if (layer) stack.use(context.images.keep([layer]));
    return { layers: layer ? [layer] : [], created: undefined };
  } finally {
    await context.snapshots.remove(id);
  }
}

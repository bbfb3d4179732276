import type { ForeignLayer, LayerRef } from '#image';
import type { Descriptor, Digest } from '#oci';
import { chainIds, MEDIA } from '#oci';
import { failpoint } from '#sys';
import type { Build } from '../build.ts';
import type { Context } from '../context.ts';
import type { CacheEntry } from '../request.ts';
import type { CachedStep } from '../store.ts';
import type { ReadCache, ResultLayer } from './read-cache.ts';
import { readCache } from './read-cache.ts';
import type { Building, CacheSource } from './source.ts';
import { nameOf, openSource } from './source.ts';
import { asVertex } from './vertex.ts';

/** What was counted on is not to be had: the build begins again without it. */
export class ImportLost extends Error {}

interface Cache {
  readonly source: CacheSource;
  readonly results: ReadCache;
}

interface Remote {
  readonly layer: ForeignLayer;
  /** Undefined: it lies nowhere. */
  readonly source: CacheSource | undefined;
}

interface Hit {
  readonly name: string;
  readonly chain: readonly LayerRef[];
  readonly own: boolean;
}

/**
 * Results of steps that lie elsewhere. What a step is found by depends on digests only, so one result after the other is
 * found without fetching any; layers are fetched when a step has to work on them, or the image consists of them.
 */
export class ImportedCache {
  readonly #context: Context;
  readonly #building: Building;
  #caches: readonly Cache[];
  #allowsAbsent = true;
  readonly #remote = new Map<Digest, Remote>();
  readonly #taken = new Map<Digest, LayerRef>();
  readonly #hits = new Map<string, Hit>();
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(context: Context, building: Building, caches: readonly Cache[]) {
    this.#context = context;
    this.#building = building;
    this.#caches = caches;
  }

  /** Reads all caches that a build names. One that cannot be read is told of, and is no fault of the build. */
  static async open(context: Context, build: Build, stack: AsyncDisposableStack): Promise<ImportedCache> {
    const building = { ...build, stack };
    const opened = await Promise.all(
      distinct(build.request.cacheFrom).map((entry) => openOne(context, build, { entry, building })),
    );
    return new ImportedCache(context, building, opened.flat());
  }

  /** The layer that a step adds to those below it, if some cache has its result. */
  find(key: string, below: readonly LayerRef[], name: string): { layer: LayerRef | undefined } | undefined {
    for (const { source, results } of this.#caches) {
      for (const read of results.get(key as Digest) ?? []) {
        const found = this.#match(read(), below, source);
        if (!found) continue;
        const { layer } = found;
        this.#hits.set(key, { name, chain: layer ? [...below, layer] : below, own: layer !== undefined });
        return found;
      }
    }
    return undefined;
  }

  #match(
    layers: readonly ResultLayer[] | undefined,
    below: readonly LayerRef[],
    source: CacheSource,
  ): { layer: LayerRef | undefined } | undefined {
    const isOn = layers && below.every(({ diffId }, i) => layers[i]?.diffId === diffId);
    if (!isOn || layers.length > below.length + 1) return undefined;
    const top = layers[below.length];
    if (!top) return { layer: undefined };
    if (!top.descriptor && !this.#allowsAbsent) return undefined;
    const { diffId } = top;
    const chainId = chainIds(layers.map((layer) => layer.diffId)).at(-1)!;
    const descriptor = { mediaType: MEDIA.ociLayer, size: 0, digest: diffId, ...top.descriptor };
    const known = this.#remote.get(chainId);
    if (!known?.source) {
      const layer = { chainId, parent: below.at(-1)?.chainId, diffId, descriptor: plain(descriptor) };
      this.#remote.set(chainId, { layer, source: top.descriptor && source });
    }
    return { layer: this.#taken.get(chainId) ?? { chainId, diffId, size: 0, descriptor: plain(descriptor) } };
  }

  /** The same layers, all of them unpacked here. */
  async here(layers: readonly LayerRef[]): Promise<readonly LayerRef[]> {
    const missing = () => layers.filter(({ chainId }) => this.#remote.has(chainId) && !this.#taken.has(chainId));
    if (missing().length > 0) {
      const turn = this.#turn.then(() => this.#take(missing()));
      this.#turn = turn.catch(() => undefined);
      await turn;
    }
    const { store, rows } = this.#context;
    const whole = this.#complete();
    if (whole.length > 0) {
      store.tx(() => {
        for (const [key, hit] of whole) rows.put(rowOf(key, hit));
      });
      failpoint('build.cache.taken');
    }
    return layers.map((layer) => this.#taken.get(layer.chainId) ?? layer);
  }

  async #take(layers: readonly LayerRef[]): Promise<void> {
    if (layers.length === 0) return;
    const { images, rows, log } = this.#context;
    const { signal, stack } = this.#building;
    const wanted = layers.map(({ chainId }) => this.#remote.get(chainId)!);
    const absent = wanted.find(({ source }) => !source);
    if (absent) throw new ImportLost(`layer ${absent.layer.diffId} is in no cache`);
    try {
      const taken = await images.takeLayers({
        layers: wanted.map(({ layer }) => layer),
        fetch: (layer, until) => this.#remote.get(layer.chainId)!.source!.blob(layer.descriptor, until),
        record: (made) => {
          for (const layer of made) this.#taken.set(layer.chainId, layer);
          // Who keeps them is on record with them.
          for (const [key, hit] of this.#complete()) rows.put(rowOf(key, hit));
        },
        signal,
      });
      stack.use(images.keep(taken));
      failpoint('build.cache.taken');
    } catch (error) {
      signal.throwIfAborted();
      log.info('layers of an imported cache cannot be had', { error });
      throw new ImportLost('layers of an imported cache cannot be had', { cause: error });
    }
  }

  /** The results of which all layers are here now. */
  #complete(): [string, Hit][] {
    const whole = [...this.#hits].flatMap(([key, hit]): [string, Hit][] => {
      const chain = hit.chain.map((layer) => this.#taken.get(layer.chainId) ?? layer);
      const isHere = chain.every(({ chainId }) => !this.#remote.has(chainId) || this.#taken.has(chainId));
      return isHere ? [[key, { ...hit, chain }]] : [];
    });
    for (const [key] of whole) this.#hits.delete(key);
    return whole;
  }

  /** Forgets what a build that lost something must not count on again. */
  restrict(): void {
    if (!this.#allowsAbsent) this.#caches = [];
    this.#allowsAbsent = false;
    this.#remote.clear();
    this.#hits.clear();
  }
}

async function openOne(
  context: Context,
  build: Build,
  { entry, building }: { entry: CacheEntry; building: Building },
): Promise<Cache[]> {
  const name = `importing cache manifest from ${nameOf(entry)}`;
  try {
    return await asVertex(build.events, name, async () => {
      const source = await openSource(context, entry, building);
      return [{ source, results: await readCache(source) }];
    });
  } catch (error) {
    build.signal.throwIfAborted();
    context.log.info('a build cache is not imported', { from: nameOf(entry), error });
    return [];
  }
}

/** Clients name the same cache in several places of a request. */
function distinct(entries: readonly CacheEntry[]): CacheEntry[] {
  const key = ({ type, attributes }: CacheEntry) => JSON.stringify([type, [...attributes].sort()]);
  return [...new Map(entries.map((entry) => [key(entry), entry])).values()];
}

/** Notes of a cache's manifest are no part of an image. */
const plain = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size });

function rowOf(id: string, { name, chain, own }: Hit): CachedStep {
  const now = Date.now();
  return {
    ...{ id, type: 'regular', description: name, chain, own, parents: [] },
    ...{ size: own ? chain.at(-1)!.size : 0, createdAt: now, usedAt: now, uses: 1 },
  };
}

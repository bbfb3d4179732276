import { invalid } from '#errdefs';
import type { CacheConfig, CachedRecord, Descriptor, Digest } from '#oci';
import {
  CACHE_CONFIG,
  chainOf,
  decodeCacheConfig,
  decodeImageConfig,
  decodeIndex,
  decodeInlineCache,
  decodeManifest,
  digestIn,
  IMAGE_LIMITS,
  isDigest,
  isIndexType,
  isManifestType,
  parseDigest,
  UNCOMPRESSED,
} from '#oci';
import type { CacheSource } from './source.ts';

/** A layer of a result; without a descriptor it is known what it is, but it lies nowhere. */
export interface ResultLayer {
  readonly diffId: Digest;
  readonly descriptor: Descriptor | undefined;
}

/** The results of a cache by what they are found by; each gives its layers when it is asked, base first. */
export type ReadCache = ReadonlyMap<Digest, readonly (() => readonly ResultLayer[] | undefined)[]>;

/** BuildKit reads no larger one. */
const CONFIG_BYTES = 2 ** 20;
const CACHE_LAYERS = 4096;
/** Images of an index that are looked into. */
const INLINE_IMAGES = 16;

/** Reads what a cache holds: one that was exported, or what images have within them. Everything in it is checked. */
export async function readCache(source: CacheSource): Promise<ReadCache> {
  const found = new Map<Digest, (() => readonly ResultLayer[] | undefined)[]>();
  const top = await source.top();
  const { config, layers, images } = readTop(top);
  if (config) {
    const document = decodeCacheConfig(await source.document(config, CONFIG_BYTES));
    add(found, document, new Map(layers.map((layer) => [digestIn(layer), layer])));
    return found;
  }
  if (images.length === 0) await addInline(found, source, top);
  for (const image of images.slice(0, INLINE_IMAGES)) {
    await addInline(found, source, await source.document(image, IMAGE_LIMITS.manifestBytes));
  }
  return found;
}

interface Top {
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
  /** Manifests of images. */
  readonly images: readonly Descriptor[];
}

function readTop(bytes: Uint8Array): Top {
  if (!isIndex(bytes)) {
    const { config, layers } = decodeManifest(bytes, parseDigest, CACHE_LAYERS);
    return { config: config.mediaType === CACHE_CONFIG ? config : undefined, layers, images: [] };
  }
  const { manifests } = decodeIndex(bytes);
  const config = manifests.find(({ mediaType }) => mediaType === CACHE_CONFIG);
  const images = manifests.filter(({ mediaType, platform }) => isManifestType(mediaType) && platform?.os !== 'unknown');
  return { config, layers: manifests.filter((one) => one !== config && !isIndexType(one.mediaType)), images };
}

function isIndex(bytes: Uint8Array): boolean {
  try {
    return JSON.parse(Buffer.from(bytes).toString()).manifests !== undefined;
  } catch (error) {
    throw invalid('invalid cache manifest: not a JSON document', error);
  }
}

/** The records that an image has of its own layers. */
async function addInline(
  found: Map<Digest, (() => readonly ResultLayer[] | undefined)[]>,
  source: CacheSource,
  bytes: Uint8Array,
): Promise<void> {
  const manifest = decodeManifest(bytes);
  const document = await source.document(manifest.config, IMAGE_LIMITS.configBytes);
  const records = decodeInlineCache(document);
  const { diffIds } = decodeImageConfig(document);
  if (!records || diffIds.length !== manifest.layers.length) return;
  const layers = manifest.layers.map((layer, i) => ({ blob: digestIn(layer), parent: i - 1, diffId: diffIds[i] }));
  add(found, { layers, records }, new Map(manifest.layers.map((layer) => [digestIn(layer), layer])));
}

function add(
  found: Map<Digest, (() => readonly ResultLayer[] | undefined)[]>,
  { layers, records }: CacheConfig,
  descriptors: ReadonlyMap<Digest, Descriptor>,
): void {
  const layersOf = (chain: readonly number[]): ResultLayer[] | undefined => {
    const all = chain.map((at): ResultLayer | undefined => {
      const layer = layers[at];
      if (!layer) throw invalid(`invalid layer index ${at}`);
      const descriptor = descriptors.get(layer.blob);
      const told = descriptor?.annotations?.[UNCOMPRESSED];
      const diffId = isDigest(told) ? told : layer.diffId;
      return diffId && descriptor && { diffId, descriptor };
    });
    return all.every((one) => one !== undefined) ? all : undefined;
  };
  for (const record of records) {
    const results = [...(found.get(record.digest) ?? []), ...resultsOf(record, layers, layersOf)];
    if (results.length > 0) found.set(record.digest, results);
  }
}

function resultsOf(
  { tops, chains, diffIds }: CachedRecord,
  layers: CacheConfig['layers'],
  layersOf: (chain: readonly number[]) => ResultLayer[] | undefined,
) {
  const described = diffIds?.map((diffId): ResultLayer => ({ diffId, descriptor: undefined }));
  return [
    ...tops.map((top) => () => layersOf(chainOf(layers, top))),
    ...chains.map((chain) => () => layersOf(chain)),
    ...(described ? [() => described] : []),
  ];
}

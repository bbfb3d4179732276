import { invalid } from '#errdefs';
import type { Infer } from '#schema';
import { any, array, decode, int64, nullable, object, optional, string } from '#schema';
import type { Digest } from './digest.ts';
import { isDigest, parseDigest } from './digest.ts';
import { IMAGE_LIMITS } from './limits.ts';

/** Media type of the document that says what steps a build cache holds; BuildKit's. */
export const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';
/** The field of an image's config that holds the records of the image's own layers, in base64. */
export const INLINE_CACHE = 'moby.buildkit.cache.v0';
/** What a layer's descriptor in a manifest of a cache says of it. */
export const UNCOMPRESSED = 'containerd.io/uncompressed';

/** BuildKit reads no larger ones. */
const LIMITS = { bytes: 2 ** 20, layers: 4096, records: 16_384 } as const;

const Record = object('CacheRecord', {
  layers: optional(array(object('CacheResult', { layer: int64('int'), createdAt: string('time.Time') }))),
  chains: optional(array(object('ChainedResult', { layers: array(int64('int')), createdAt: string('time.Time') }))),
  digest: string('digest.Digest'),
  inputs: optional(any()),
  diffIds: optional(array(string('digest.Digest'))),
});

const Config = object('CacheConfig', {
  layers: optional(
    array(
      object('CacheLayer', {
        blob: string('digest.Digest'),
        parent: int64('int'),
        annotations: optional(nullable(object('LayerAnnotations', { diffID: string('digest.Digest') }))),
      }),
    ),
  ),
  records: optional(array(Record)),
});

/** A layer of a cache; it lies on another one. */
export interface CachedLayer {
  readonly blob: Digest;
  /** The number of the layer below; -1: none. */
  readonly parent: number;
  readonly diffId: Digest | undefined;
}

/** A step of which the result is known. */
export interface CachedRecord {
  /** What the step is found by. */
  readonly digest: Digest;
  /** Numbers of layers: the top one of each result, or all of them, base first. */
  readonly tops: readonly number[];
  readonly chains: readonly (readonly number[])[];
  /** What the result is made of, where its layers are not part of the cache: ours alone. */
  readonly diffIds: readonly Digest[] | undefined;
}

export interface CacheConfig {
  readonly layers: readonly CachedLayer[];
  readonly records: readonly CachedRecord[];
}

/** Decodes the config of an exported build cache. */
export function decodeCacheConfig(bytes: Uint8Array): CacheConfig {
  if (bytes.length > LIMITS.bytes) throw invalid(`invalid cache: larger than ${LIMITS.bytes} bytes`);
  const { layers, records } = decode(Config, textOf(bytes));
  if ((layers?.length ?? 0) > LIMITS.layers) throw invalid(`invalid cache: more than ${LIMITS.layers} layers`);
  const known = (layers ?? []).map(({ blob, parent, annotations }): CachedLayer => {
    const diffId = annotations?.diffID;
    return { blob: parseDigest(blob), parent, diffId: isDigest(diffId) ? diffId : undefined };
  });
  return { layers: known, records: checked(records ?? []) };
}

/** The records that an image's config document holds of its own layers; undefined: it holds none. */
export function decodeInlineCache(document: Uint8Array): readonly CachedRecord[] | undefined {
  const Holder = object('image', { [INLINE_CACHE]: optional(string('[]byte')) });
  const text = decode(Holder, textOf(document))[INLINE_CACHE];
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > LIMITS.bytes) throw invalid(`invalid cache: larger than ${LIMITS.bytes} bytes`);
  return checked(decode(array(Record), bytes.toString()) ?? []);
}

function checked(records: readonly Infer<typeof Record>[]): CachedRecord[] {
  if (records.length > LIMITS.records) throw invalid(`invalid cache: more than ${LIMITS.records} records`);
  return records.map(({ digest, layers, chains, diffIds }) => ({
    digest: parseDigest(digest),
    tops: (layers ?? []).map(({ layer }) => layer),
    chains: (chains ?? []).map((chain) => chain.layers ?? []),
    diffIds: diffIds?.slice(0, IMAGE_LIMITS.layers).map(parseDigest),
  }));
}

/** The numbers of all layers of a result, base first. */
export function chainOf(layers: readonly Pick<CachedLayer, 'parent'>[], top: number): number[] {
  const chain: number[] = [];
  for (let at = top; at !== -1; at = layers[at]!.parent) {
    if (!Number.isInteger(at) || at < 0 || at >= layers.length) throw invalid(`invalid layer index ${at}`);
    if (chain.length >= IMAGE_LIMITS.layers) throw invalid('invalid looping layer');
    chain.push(at);
  }
  return chain.reverse();
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();

/** A record as it is written: its result is a layer of the cache by number, or described only. */
export interface WrittenRecord {
  readonly digest: Digest;
  /** The number of the top layer. */
  readonly layer?: number;
  readonly diffIds?: readonly Digest[];
  /** Numbers of records that the step works on and reads from. */
  readonly inputs: readonly number[];
}

/** The records of a cache, in BuildKit's form; times are those of the result's image. */
export function recordsDocument(records: readonly WrittenRecord[], createdAt: string): object[] {
  return records.map(({ digest, layer, diffIds, inputs }) => ({
    ...(layer !== undefined && { layers: [{ layer, createdAt }] }),
    digest,
    ...(inputs.length > 0 && { inputs: inputs.map((link) => [{ link }]) }),
    ...(diffIds && { diffIds }),
  }));
}

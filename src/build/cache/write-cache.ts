import { Semaphore } from '#async';
import type { Lease } from '#content';
import { verified } from '#content';
import type { Descriptor } from '#oci';
import { CACHE_CONFIG, digestIn, MEDIA, recordsDocument, UNCOMPRESSED } from '#oci';
import { layerType } from '../artifact/documents.ts';
import type { Build } from '../build.ts';
import type { Context } from '../context.ts';
import type { BlobStore } from '../inputs.ts';
import { packLayer } from './pack-layer.ts';
import { accessOf, storeOf } from './source.ts';
import type { DraftCache } from './step-results.ts';
import type { CacheTarget } from './target.ts';
import type { Tell } from './vertex.ts';

export interface Writing {
  readonly draft: DraftCache;
  readonly target: CacheTarget;
  readonly tell: Tell;
  /** RFC 3339. */
  readonly createdAt: string;
}

const PARALLEL = 4;
/** BuildKit reads no larger one: then only what has layers is told of. */
const CONFIG_BYTES = 2 ** 20;

/** Writes a cache to where it is asked for; what the client is answered. Nothing of it stays in the content store. */
export async function writeCache(context: Context, build: Build, writing: Writing): Promise<Map<string, string>> {
  const { content, images } = context;
  const { draft, target, createdAt, tell } = writing;
  if (draft.layers.length === 0) {
    using _part = tell('skipping cache export for empty result');
    return new Map();
  }
  try {
    using lease = content.lease();
    const layers = await packAll(context, build, writing, lease);
    const config = await put(context, lease, CACHE_CONFIG, configOf(draft, layers, createdAt));
    const document = manifestOf(target, layers, config);
    const manifest = await put(context, lease, document.mediaType, document);
    await send(context, build, writing, { blobs: [...layers, config], manifest, document });
    return new Map([['cache.manifest', JSON.stringify(manifest)]]);
  } finally {
    await images.removeLayers([]);
  }
}

async function packAll(context: Context, build: Build, writing: Writing, lease: Lease): Promise<Descriptor[]> {
  const { signal } = build;
  const { draft, target, createdAt } = writing;
  const places = new Semaphore(PARALLEL);
  const packing = draft.layers.map(async ({ layer }) => {
    using _place = await places.acquire(signal);
    const packed = await packLayer(context, layer, { compression: target.compression, lease, signal });
    const annotations = { 'buildkit/createdat': createdAt, [UNCOMPRESSED]: layer.diffId };
    return { ...packed, mediaType: layerType(packed.mediaType, target.isOci), annotations };
  });
  const results = await Promise.allSettled(packing);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<Descriptor & { annotations: object }>).value);
}

function configOf({ layers, records }: DraftCache, packed: readonly Descriptor[], createdAt: string): object {
  const own = layers.map(({ parent }, i) => ({ blob: packed[i]!.digest, ...(parent !== 0 && { parent }) }));
  const whole = { layers: own, records: recordsDocument(records, createdAt) };
  if (JSON.stringify(whole).length < CONFIG_BYTES) return whole;
  const short = records.map(({ diffIds: _, ...record }) => record);
  return { layers: own, records: recordsDocument(short, createdAt) };
}

function manifestOf({ isImage, isOci }: CacheTarget, layers: readonly Descriptor[], config: Descriptor) {
  if (isImage) return { schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers };
  const mediaType = isOci ? MEDIA.ociIndex : MEDIA.dockerIndex;
  return { schemaVersion: 2, mediaType, manifests: [...layers, config] };
}

async function put({ content }: Context, lease: Lease, mediaType: string, document: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(document));
  return { mediaType, digest: await content.put(bytes, lease), size: bytes.length };
}

interface Sent {
  readonly blobs: readonly Descriptor[];
  readonly manifest: Descriptor;
  readonly document: { readonly mediaType: string };
}

async function send(
  context: Context,
  build: Build,
  { target, tell }: Writing,
  { blobs, manifest, document }: Sent,
): Promise<void> {
  const { place, isImage } = target;
  const about = (blob: Descriptor) =>
    blob.mediaType === CACHE_CONFIG ? `writing config ${blob.digest}` : `writing layer ${blob.digest}`;
  if ('folder' in place) {
    const store = storeOf(build.inputs, `local:${place.folder}`);
    for (const blob of blobs) {
      using _part = tell(about(blob));
      await give(context, build, store, blob);
    }
    using _part = tell(`writing cache ${isImage ? 'image manifest' : 'manifest'} ${manifest.digest}`);
    await give(context, build, store, manifest);
    return;
  }
  const telling = new Map<string, Disposable>();
  await context.images.pushDocument(place.reference, await accessOf(place.reference, build), {
    blobs,
    document: { mediaType: manifest.mediaType, bytes: Buffer.from(JSON.stringify(document)) },
    onBlob: (blob, isDone) => {
      if (isDone) telling.get(blob.digest)?.[Symbol.dispose]();
      else telling.set(blob.digest, tell(about(blob)));
    },
  });
  tell(`writing cache ${isImage ? 'image manifest' : 'manifest'} ${manifest.digest}`)[Symbol.dispose]();
}

async function give({ content }: Context, { signal }: Build, store: BlobStore, blob: Descriptor): Promise<void> {
  await store.write(blob, verified(content, digestIn(blob)), signal);
}

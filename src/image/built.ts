import type { Writable } from 'node:stream';
import type { Descriptor, Digest, Reference } from '#oci';
import { chainIds, decodeManifest, IMAGE_LIMITS, MEDIA } from '#oci';
import { failpoint } from '#sys';
import { commitImages } from './commit.ts';
import { EMPTY_LAYER, receiveLayer } from './commit-layer.ts';
import type { ImageDeps } from './deps.ts';
import type { UnplacedLayer } from './layers.ts';
import { putManifest } from './manifests.ts';
import type { ImageRecord } from './record.ts';
import { undoing } from './undo.ts';

/** A layer as images are put together of it: unpacked under its chain id, packed as the blob of its descriptor. */
export interface LayerRef {
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** Bytes of its unpacked files. */
  readonly size: number;
  readonly descriptor: Descriptor;
}

export interface LayerRequest {
  /** What it lies on, base first. */
  readonly below: readonly LayerRef[];
  /** Writes the layer, uncompressed, leaves the stream open, and gives the layer unpacked. */
  readonly write: (output: Writable) => Promise<UnplacedLayer>;
  /** Puts on record who keeps it, when all of it is on the disk; undefined: nothing was changed. */
  readonly record: (layer: LayerRef | undefined) => void;
  readonly signal: AbortSignal;
}

export interface BuiltImage {
  readonly document: Uint8Array;
  readonly layers: readonly LayerRef[];
  readonly references: readonly Reference[];
  /** Documents of the content store that the image is, where somebody else has written them. */
  readonly source?: { readonly target: Descriptor; readonly manifest: Descriptor };
  readonly parent?: Digest;
  /** ms since the epoch, for lists, where the config says a time of its inputs. */
  readonly builtAt?: number;
}

/** The layers of an image, base first. */
export async function layersOf({ content, rows }: ImageDeps, image: ImageRecord): Promise<LayerRef[]> {
  const { layers } = decodeManifest(await content.read(image.manifest, IMAGE_LIMITS.manifestBytes));
  return image.layers.map((chainId, i) => ({
    chainId,
    diffId: image.config.diffIds[i]!,
    size: rows.layerSize(chainId) ?? 0,
    descriptor: layers[i]!,
  }));
}

/** Keeps layers and their blobs for an operation. */
export function keepLayers({ content, layers: held }: ImageDeps, layers: readonly LayerRef[]): AsyncDisposable {
  const lease = content.lease();
  for (const { descriptor } of layers) lease.hold(descriptor.digest as Digest);
  const hold = held.hold(layers.map(({ chainId }) => chainId));
  return {
    [Symbol.asyncDispose]: async () => {
      lease[Symbol.dispose]();
      await hold[Symbol.asyncDispose]();
    },
  };
}

/** Takes in a layer that no image has yet; undefined when it changes nothing. */
export async function addLayer(deps: ImageDeps, request: LayerRequest): Promise<LayerRef | undefined> {
  return await undoing(deps, take(deps, request));
}

async function take(deps: ImageDeps, { below, write, record, signal }: LayerRequest): Promise<LayerRef | undefined> {
  const { content, layers, store, rows } = deps;
  using lease = content.lease();
  const { received, unplaced } = await receiveLayer(deps, { layer: write, signal }, lease);
  await using _unplaced = unplaced;
  failpoint('image.built.received');
  if (received.digest === EMPTY_LAYER) {
    store.tx(() => record(undefined));
    return undefined;
  }
  const diffIds = [...below.map(({ diffId }) => diffId), received.digest];
  const chainId = chainIds(diffIds).at(-1)!;
  await using _held = layers.hold([chainId]);
  const parent = below.at(-1)?.chainId;
  await layers.place({ chainId, parent, diffId: received.digest }, unplaced);
  failpoint('image.built.placed');
  await content.sync();
  const descriptor = { mediaType: MEDIA.ociLayer, digest: received.digest, size: received.size };
  const layer = { chainId, diffId: received.digest, size: unplaced.size, descriptor };
  store.tx(() => {
    rows.insertLayer(layer);
    record(layer);
  });
  failpoint('image.built.recorded');
  return layer;
}

/** Makes an image of layers that are here. */
export async function assemble(deps: ImageDeps, built: BuiltImage): Promise<{ id: Digest; manifest: Descriptor }> {
  return await undoing(deps, putTogether(deps, built));
}

async function putTogether(deps: ImageDeps, { document, layers, references, parent, builtAt, source }: BuiltImage) {
  const { content } = deps;
  await using _kept = keepLayers(deps, layers);
  using lease = content.lease();
  const id = await content.put(document, lease);
  const descriptors = layers.map(({ descriptor }) => descriptor);
  const config = { digest: id, size: document.length };
  const manifest = source?.manifest ?? (await putManifest(content, { config, layers: descriptors }, lease));
  failpoint('image.built.blobs');
  await content.sync();
  const image = {
    id,
    target: source?.target ?? manifest,
    manifest: manifest.digest as Digest,
    document,
    layers: layers.map(({ chainId, diffId, size }) => ({ chainId, diffId, size })),
    ...(parent && { parent }),
    ...(builtAt !== undefined && { builtAt }),
  };
  await commitImages(deps, [{ image, references, isRenewed: source !== undefined }], 'create');
  return { id, manifest };
}

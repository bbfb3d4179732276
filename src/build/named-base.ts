import type { WantedBase } from '#dockerfile';
import { invalid, notFound } from '#errdefs';
import type { ForeignLayer } from '#image';
import { chooseManifest } from '#image';
import type { Descriptor, Digest, ImageConfig } from '#oci';
import {
  chainIds,
  decodeImageConfig,
  decodeIndex,
  decodeManifest,
  digestIn,
  digestOf,
  IMAGE_LIMITS,
  isDigest,
  isIndexType,
} from '#oci';
import type { Asking, Base } from './bases.ts';
import { readWhole, storeOf } from './cache/source.ts';
import { asVertex } from './cache/vertex.ts';
import type { Context } from './context.ts';

/** A base that is an image, but none of this engine. */
export interface ImageBase {
  readonly base: Base;
  readonly image: ImageConfig;
  readonly reference: string;
}

const NEST_LIMIT = 4;

/** What a named context stands for when it is another build's result, or lies in a layout of the client's. */
export async function namedBase(context: Context, one: WantedBase, asking: Asking): Promise<ImageBase | undefined> {
  const { request, inputs } = asking;
  const value = request.namedContexts.get(one.reference) ?? '';
  if (value.startsWith('oci-layout:')) return await layoutBase(context, { one, value }, asking);
  if (!value.startsWith('input:')) return undefined;
  const result = await inputs.result?.(value.slice('input:'.length));
  if (!result) throw invalid(`unsupported context ${one.reference}: ${value}`);
  const { layers, config } = result;
  const lost = layers.find(({ chainId }) => !context.snapshots.has(chainId));
  if (lost) throw notFound(`the result that ${one.reference} stands for is no longer there`);
  asking.stack.use(context.images.keep(layers));
  const image = decodeImageConfig(config);
  return { base: { layers, created: secondsOf(image) }, image, reference: one.reference };
}

interface Layout {
  readonly one: WantedBase;
  readonly value: string;
}

/** `oci-layout://<store>[:tag]@<digest>`: an image in a folder of the client's. */
async function layoutBase(context: Context, { one, value }: Layout, asking: Asking): Promise<ImageBase> {
  const [, id = '', , digest = ''] = /^oci-layout:\/\/([^:@]+)(:[^@]*)?@(.*)$/.exec(value) ?? [];
  if (id === '') throw invalid(`invalid OCI layout reference ${JSON.stringify(value)}: it needs a digest`);
  if (!isDigest(digest)) throw invalid(`invalid digest ${JSON.stringify(digest.slice(0, 100))}`);
  const { inputs, signal, events, stack } = asking;
  const store = storeOf(inputs, `oci:${id}`);
  const read = (descriptor: Descriptor, limit: number) => readWhole(store, descriptor, limit, signal);
  return await asVertex(events, `[context ${one.reference}] ${value.replace(`//${id}`, '//')}`, async () => {
    const manifest = await manifestOf(read, digest, one);
    const document = await read(manifest.config, IMAGE_LIMITS.configBytes);
    const image = decodeImageConfig(document);
    const layers = layersOf(manifest.layers, image);
    const key = digestOf(Buffer.from(JSON.stringify(['oci-layout', manifest.layers.map((layer) => layer.digest)])));
    const known = context.rows.get(key)?.chain;
    const isHere = known?.every(({ chainId }) => context.snapshots.has(chainId));
    const fetch = (layer: ForeignLayer, until: AbortSignal) => store.read(digestIn(layer.descriptor), until);
    const description = `[context ${one.reference}]`;
    const record = (chain: Base['layers']) => context.rows.put(rowOf(key, description, chain));
    const taken = known && isHere ? known : await context.images.takeLayers({ layers, fetch, record, signal });
    stack.use(context.images.keep(taken));
    const material = { reference: one.reference, digest, platform: one.platform };
    return { base: { layers: taken, created: secondsOf(image), material }, image, reference: one.reference };
  });
}

type Read = (descriptor: Descriptor, limit: number) => Promise<Buffer>;

async function manifestOf(read: Read, digest: Digest, { platform }: WantedBase) {
  let descriptor: Descriptor = { mediaType: '', digest, size: -1 };
  for (let depth = 0; depth <= NEST_LIMIT; depth++) {
    const bytes = await read(descriptor, IMAGE_LIMITS.manifestBytes);
    const { mediaType, manifests } = JSON.parse(bytes.toString());
    if (!isIndexType(mediaType ?? '') && manifests === undefined) return decodeManifest(bytes);
    descriptor = chooseManifest(decodeIndex(bytes).manifests, platform);
  }
  throw invalid(`indexes are nested more than ${NEST_LIMIT} deep`);
}

function layersOf(descriptors: readonly Descriptor[], { diffIds }: ImageConfig): ForeignLayer[] {
  if (descriptors.length !== diffIds.length) throw invalid("layers from manifest don't match image configuration");
  const chain = chainIds(diffIds);
  return descriptors.map(({ mediaType, digest, size }, i) => ({
    ...{ chainId: chain[i]!, parent: chain[i - 1], diffId: diffIds[i]! },
    descriptor: { mediaType, digest, size },
  }));
}

function secondsOf({ created }: ImageConfig): number | undefined {
  const time = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

function rowOf(id: string, description: string, chain: Base['layers']) {
  const now = Date.now();
  const size = chain.reduce((sum, layer) => sum + layer.size, 0);
  return {
    ...{ id, type: 'regular', description, chain, own: true, size, parents: [] },
    ...{ createdAt: now, usedAt: now, uses: 0 },
  };
}

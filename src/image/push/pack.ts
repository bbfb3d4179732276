import { createGzip } from 'node:zlib';
import { Semaphore } from '#async';
import { verified } from '#content';
import type { Descriptor, Digest } from '#oci';
import { decodeManifest, digestIn, IMAGE_LIMITS, MEDIA } from '#oci';
import { failpoint } from '#sys';
import type { Sending } from './manifests.ts';
import type { Pushing } from './push.ts';

/** The same bytes for the same layer, always: digests depend on it. */
const GZIP = { level: 3, chunkSize: 256 * 1024 } as const;
const PARALLEL = 4;

/**
 * Packs the plain layers of an image and writes a manifest of them, as dockerd does on a push. Undefined when all layers
 * are packed as they are.
 */
export async function packLayers(pushing: Pushing, { image, lease }: Sending): Promise<Digest | undefined> {
  const { content } = pushing.deps;
  await content.verify(image.manifest);
  const manifest = decodeManifest(await content.read(image.manifest, IMAGE_LIMITS.manifestBytes));
  const { diffIds } = image.config;
  if (!manifest.layers.some((layer, i) => layer.digest === diffIds[i])) return undefined;
  const places = new Semaphore(PARALLEL);
  const packings = manifest.layers.map(async (layer, i) => {
    using _place = await places.acquire(pushing.signal);
    return layer.digest === diffIds[i] ? await pack(pushing, layer, { lease }) : layer;
  });
  const results = await Promise.allSettled(packings);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const layers = results.map((result) => (result as PromiseFulfilledResult<Descriptor>).value);
  const isGzip = layers.every(({ mediaType }) => /gzip$/.test(mediaType));
  const bytes = Buffer.from(isGzip ? dockerManifest(manifest.config, layers) : ociManifest(manifest.config, layers));
  return await content.put(bytes, lease);
}

async function pack(
  { deps, signal }: Pushing,
  layer: Descriptor,
  { lease }: Pick<Sending, 'lease'>,
): Promise<Descriptor> {
  const { content } = deps;
  const digest = digestIn(layer);
  const gzip = createGzip(GZIP);
  const plain = verified(content, digest);
  plain.once('error', (error) => gzip.destroy(error));
  // As of what it reads from.
  gzip.once('error', () => {});
  const received = await content.receive(plain.pipe(gzip), { signal }).finally(() => plain.destroy());
  await content.keep(received, lease);
  failpoint('image.push.packed');
  return { mediaType: `${MEDIA.ociLayer}+gzip`, digest: received.digest, size: received.size };
}

/** Docker's own form, to the byte. */
function dockerManifest(config: Descriptor, layers: readonly Descriptor[]): string {
  const of = (mediaType: string, { size, digest }: Descriptor) => ({ mediaType, size, digest });
  return JSON.stringify(
    {
      schemaVersion: 2,
      mediaType: MEDIA.dockerManifest,
      config: of(MEDIA.dockerConfig, config),
      layers: layers.map((layer) => of(MEDIA.dockerLayer, layer)),
    },
    undefined,
    3,
  );
}

function ociManifest(config: Descriptor, layers: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers });
}

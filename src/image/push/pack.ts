import { Semaphore } from '#async';
import type { Descriptor, Digest } from '#oci';
import { decodeManifest, IMAGE_LIMITS, MEDIA } from '#oci';
import type { Sending } from './manifests.ts';
import { packBlob } from './pack-blob.ts';
import type { Pushing } from './push.ts';

const PARALLEL = 4;

/**
 * Packs the plain layers of an image and writes a manifest of them, as dockerd does on a push. Undefined when all layers
 * are packed as they are.
 */
export async function packLayers(pushing: Pushing, { image, lease }: Sending): Promise<Digest | undefined> {
  const { signal } = pushing;
  const { content } = pushing.deps;
  const packing = { kind: 'gzip' } as const;
  await content.verify(image.manifest);
  const manifest = decodeManifest(await content.read(image.manifest, IMAGE_LIMITS.manifestBytes));
  const { diffIds } = image.config;
  if (!manifest.layers.some((layer, i) => layer.digest === diffIds[i])) return undefined;
  const places = new Semaphore(PARALLEL);
  const packings = manifest.layers.map(async (layer, i) => {
    using _place = await places.acquire(signal);
    return layer.digest === diffIds[i] ? await packBlob(content, layer, { packing, lease, signal }) : layer;
  });
  const results = await Promise.allSettled(packings);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const layers = results.map((result) => (result as PromiseFulfilledResult<Descriptor>).value);
  const isGzip = layers.every(({ mediaType }) => /gzip$/.test(mediaType));
  const bytes = Buffer.from(isGzip ? dockerManifest(manifest.config, layers) : ociManifest(manifest.config, layers));
  return await content.put(bytes, lease);
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

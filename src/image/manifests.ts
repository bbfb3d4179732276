import { open } from 'node:fs/promises';
import type { Content, Lease, Received } from '#content';
import type { Descriptor, Digest } from '#oci';
import { decodeManifest, IMAGE_LIMITS, MEDIA, parseDigest } from '#oci';
import type { Compression } from './decompress.ts';
import { compressionOf, MAGIC_BYTES } from './decompress.ts';
import { describe } from './plan.ts';
import type { ImageRecord } from './record.ts';

/** How a received layer is packed. */
export async function packingOf(file: Received): Promise<Compression> {
  await using handle = await open(file.path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
  return compressionOf(buffer.subarray(0, bytesRead));
}

/** A layer's blob, as it is stored. */
export interface PackedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly packing: Compression;
}

/**
 * Writes the manifest of an image that came without one. The same image gets the same manifest that Docker writes when
 * it saves it.
 */
export async function writeManifest(
  content: Content,
  config: { readonly digest: Digest; readonly size: number },
  layers: readonly PackedBlob[],
  lease: Lease,
): Promise<Descriptor> {
  return await putManifest(content, { config, layers: layers.map(describeLayer) }, lease);
}

/** Writes the manifest of an image that has the layers of another one and more on top. */
export async function appendToManifest(
  content: Content,
  parent: Pick<ImageRecord, 'manifest'>,
  { config, added }: { config: { readonly digest: Digest; readonly size: number }; added: readonly PackedBlob[] },
  lease: Lease,
): Promise<Descriptor> {
  const { layers } = decodeManifest(await content.read(parent.manifest, IMAGE_LIMITS.manifestBytes));
  for (const { digest } of layers) lease.hold(parseDigest(digest));
  return await putManifest(content, { config, layers: [...layers, ...added.map(describeLayer)] }, lease);
}

/** Writes the manifest of an image. */
export async function putManifest(
  content: Content,
  { config, layers }: { config: { readonly digest: Digest; readonly size: number }; layers: readonly Descriptor[] },
  lease: Lease,
): Promise<Descriptor> {
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: describe(config, MEDIA.ociConfig),
    layers,
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return { mediaType: MEDIA.ociManifest, digest: await content.put(bytes, lease), size: bytes.length };
}

const describeLayer = (layer: PackedBlob): Descriptor => describe(layer, layerType(layer.packing));

function layerType(packing: Compression): string {
  return packing === 'none' ? MEDIA.ociLayer : `${MEDIA.ociLayer}+${packing}`;
}

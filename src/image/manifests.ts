import { open } from 'node:fs/promises';
import type { Content, Lease, Received } from '#content';
import type { Descriptor, Digest } from '#oci';
import { MEDIA } from '#oci';
import type { Compression } from './decompress.ts';
import { compressionOf, MAGIC_BYTES } from './decompress.ts';
import { describe } from './plan.ts';

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
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.ociManifest,
      config: describe(config, MEDIA.ociConfig),
      layers: layers.map((layer) => describe(layer, layerType(layer.packing))),
    }),
  );
  return { mediaType: MEDIA.ociManifest, digest: await content.put(bytes, lease), size: bytes.length };
}

function layerType(packing: Compression): string {
  return packing === 'none' ? MEDIA.ociLayer : `${MEDIA.ociLayer}+${packing}`;
}

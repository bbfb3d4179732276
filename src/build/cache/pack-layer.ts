import type { Lease } from '#content';
import type { LayerRef } from '#image';
import type { Descriptor } from '#oci';
import { digestIn } from '#oci';
import type { Context } from '../context.ts';
import type { Compression } from './compression.ts';

export interface PackRequest {
  readonly compression: Compression;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** A layer as it leaves the engine: plain ones are packed as asked, others stay as they came. The lease holds the blob. */
export async function packLayer(
  { images }: Pick<Context, 'images'>,
  { descriptor, diffId }: LayerRef,
  { compression, lease, signal }: PackRequest,
): Promise<Descriptor> {
  const { packing } = compression;
  const { mediaType, digest, size } = descriptor;
  if (!packing || digest !== diffId) {
    lease.hold(digestIn(descriptor));
    return { mediaType, digest, size };
  }
  return await images.pack(descriptor, { packing, lease, signal });
}

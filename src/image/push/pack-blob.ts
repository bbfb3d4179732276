import type { Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { Content, Lease } from '#content';
import { verified } from '#content';
import type { Descriptor } from '#oci';
import { digestIn, MEDIA } from '#oci';
import { failpoint } from '#sys';

/** How a layer is to be packed; `level` as the packer counts it. */
export interface Packing {
  readonly kind: 'gzip' | 'zstd';
  readonly level?: number;
}

/** The same bytes for the same layer, always: digests depend on it. */
const GZIP_LEVEL = 3;
const ZSTD_LEVEL = 3;
const CHUNK = 256 * 1024;

/** Packs a plain layer; the lease holds what comes of it. */
export async function packBlob(
  content: Content,
  layer: Descriptor,
  { packing, lease, signal }: { packing: Packing; lease: Lease; signal: AbortSignal },
): Promise<Descriptor> {
  const packer = packerOf(packing);
  const plain = verified(content, digestIn(layer));
  plain.once('error', (error) => packer.destroy(error));
  // As of what it reads from.
  packer.once('error', () => {});
  const received = await content.receive(plain.pipe(packer), { signal }).finally(() => plain.destroy());
  await content.keep(received, lease);
  failpoint('image.push.packed');
  return { mediaType: `${MEDIA.ociLayer}+${packing.kind}`, digest: received.digest, size: received.size };
}

function packerOf({ kind, level }: Packing): Transform {
  if (kind === 'gzip') return createGzip({ level: level ?? GZIP_LEVEL, chunkSize: CHUNK });
  return createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: level ?? ZSTD_LEVEL },
    chunkSize: CHUNK,
  });
}

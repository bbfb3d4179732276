import type { Descriptor, Digest } from '#oci';
import { decodeIndex, decodeManifest, digestIn, IMAGE_LIMITS, isIndexType, isManifestType } from '#oci';

/** What marking needs of a store. */
export interface Blobs {
  has(digest: Digest): boolean;
  read(digest: Digest, limit: number): Promise<Buffer>;
}

/**
 * Everything reachable from the roots, roots included: tri-colour marking, with the grey set as a work list. Blobs that
 * are not here (other platforms of an index, foreign layers) end a path, a document that cannot be read is kept itself.
 */
export async function reachable(blobs: Blobs, roots: Iterable<Descriptor>): Promise<Set<Digest>> {
  const black = new Set<Digest>();
  const grey = [...roots];
  for (let next = grey.pop(); next; next = grey.pop()) {
    const digest = digestIn(next);
    if (black.has(digest)) continue;
    black.add(digest);
    if (blobs.has(digest)) grey.push(...(await children(blobs, next)));
  }
  return black;
}

async function children(blobs: Blobs, descriptor: Descriptor): Promise<Descriptor[]> {
  const read = () => blobs.read(digestIn(descriptor), IMAGE_LIMITS.manifestBytes);
  if (isIndexType(descriptor.mediaType)) return decodeIndex(await read()).manifests;
  if (!isManifestType(descriptor.mediaType)) return [];
  const { config, layers } = decodeManifest(await read());
  return [config, ...layers];
}

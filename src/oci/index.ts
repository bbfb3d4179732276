/**
 * The documents of the OCI image and runtime specifications as values: digests, references, descriptors, manifests,
 * image configs, platforms, runtime spec, mounts. Decoders are lenient in Docker's way and bounded ({@link IMAGE_LIMITS});
 * documents themselves are kept byte for byte by whoever stores them. No I/O.
 */
export type { CacheConfig, CachedLayer, CachedRecord, WrittenRecord } from './cache-config.ts';
export {
  CACHE_CONFIG,
  chainOf,
  decodeCacheConfig,
  decodeInlineCache,
  INLINE_CACHE,
  recordsDocument,
  UNCOMPRESSED,
} from './cache-config.ts';
export { chainIds } from './chain-id.ts';
export { Descriptor, isIndexType, isManifestType, MEDIA } from './descriptor.ts';
export type { AnyDigest, Digest } from './digest.ts';
export { digestHex, digestLike, digestOf, isAnyDigest, isDigest, parseDigest, shortId } from './digest.ts';
export type { ArchiveItem } from './docker-archive.ts';
export { decodeArchiveItems } from './docker-archive.ts';
export type { HistoryEntry, ImageConfig, ImageRunConfig } from './image-config.ts';
export { decodeImageConfig, emptyRunConfig } from './image-config.ts';
export { IMAGE_LIMITS } from './limits.ts';
export type { ImageIndex, Manifest } from './manifest.ts';
export { decodeIndex, decodeManifest, digestIn } from './manifest.ts';
export type { IdMapping, IdMaps, Mount } from './mount.ts';
export type { Platform } from './platform.ts';
export { formatPlatform, hostPlatform, normalisePlatform, parsePlatform, platformMatches } from './platform.ts';
export type { Reference } from './reference.ts';
export {
  canonicalName,
  canonicalString,
  familiarName,
  familiarString,
  parseAnyReference,
  parseReference,
  tagTarget,
  withDefaultTag,
} from './reference.ts';
export type * from './runtime-spec.ts';

import { invalid } from '#errdefs';
import type { Reference } from '#oci';
import type { CacheEntry } from '../request.ts';
import type { Compression } from './compression.ts';
import { compressionOf, flagOf } from './compression.ts';
import { cacheReference } from './source.ts';

/** Where a cache is written, and how. */
export interface CacheTarget {
  readonly title: string;
  readonly place: { readonly folder: string } | { readonly reference: Reference };
  /** Its manifest is an image's (else an index). */
  readonly isImage: boolean;
  readonly isOci: boolean;
  readonly compression: Compression;
}

/** Reads where a cache is to go; BuildKit's words for what is wrong. */
export function targetOf({ type, attributes }: CacheEntry): CacheTarget {
  if (type !== 'local' && type !== 'registry') throw invalid(`unknown cache exporter: ${JSON.stringify(type)}`);
  try {
    const isOci = flagOf(attributes, 'oci-mediatypes', true);
    const isImage = flagOf(attributes, 'image-manifest', isOci);
    if (isImage && !isOci) {
      throw invalid(
        'invalid configuration for remote cache, OCI mediatypes are required for image-manifest cache format',
      );
    }
    const common = { isOci, isImage, compression: compressionOf(attributes) };
    if (type === 'registry') {
      return {
        ...common,
        title: 'exporting cache to registry',
        place: { reference: cacheReference(attributes.get('ref')) },
      };
    }
    const folder = attributes.get('dest');
    if (!folder) throw invalid('local cache exporter requires dest');
    return { ...common, title: 'exporting cache to client directory', place: { folder } };
  } catch (error) {
    throw invalid(`failed to configure ${type} cache exporter: ${(error as Error).message}`, error);
  }
}

import type { Received } from '#content';
import type { Descriptor, Digest, ImageConfig, Reference } from '#oci';

/** One image of an archive, as its documents say; checked as far as that goes before unpacking. */
export interface PlannedImage {
  readonly config: Received;
  readonly decoded: ImageConfig;
  /** Base first, compressed or plain. */
  readonly layers: readonly Received[];
  /** The image's own manifest, when the archive has one. */
  readonly manifest?: { readonly file: Received; readonly mediaType: string };
  /** The index that the archive names it by, when it does, with the indexes between it and the manifest. */
  readonly indexes: readonly { readonly file: Received; readonly mediaType: string }[];
  /** What else the archive has of that index: other platforms, attestations. It is kept with it, and not unpacked. */
  readonly others?: readonly Received[];
  readonly references: readonly Reference[];
  /** Id of the image that it was built on, when the archive says so. */
  readonly parent?: Digest;
}

/** The descriptor of a blob. */
export function describe(file: Pick<Received, 'digest' | 'size'>, mediaType: string): Descriptor {
  return { mediaType, digest: file.digest, size: file.size };
}

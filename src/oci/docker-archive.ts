import { invalid } from '#errdefs';
import { array, decode, object, optional, string } from '#schema';
import { IMAGE_LIMITS } from './limits.ts';

const Items = array(
  object('tarexport.manifestItem', {
    Config: string(),
    RepoTags: array(string()),
    Layers: array(string()),
    Parent: optional(string('image.ID')),
  }),
  '[]tarexport.manifestItem',
);

/** One image of `docker save`'s manifest.json: paths in the archive, and its names. */
export interface ArchiveItem {
  readonly config: string;
  readonly tags: readonly string[];
  /** Base first. */
  readonly layers: readonly string[];
  /** Id of the image that it was built on; '' when not known. */
  readonly parent: string;
}

/** Decodes manifest.json of a docker-archive, with Go's messages. */
export function decodeArchiveItems(bytes: Uint8Array): ArchiveItem[] {
  const items = decode(Items, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) ?? [];
  if (items.length > IMAGE_LIMITS.manifests)
    throw invalid(`manifest.json has more than ${IMAGE_LIMITS.manifests} images`);
  return items.map(({ Config, RepoTags, Layers, Parent }) => ({
    config: Config,
    tags: RepoTags ?? [],
    layers: Layers ?? [],
    parent: Parent ?? '',
  }));
}

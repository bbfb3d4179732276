import type { Descriptor, Digest, Reference } from '#oci';
import { canonicalString, digestHex, familiarName, familiarString, MEDIA } from '#oci';

/** One image of an archive, as its documents name it. */
export interface ArchivedImage {
  readonly id: Digest;
  /** What index.json lists: the index or the manifest. */
  readonly target: Descriptor;
  /** Base first, as the archive has them. */
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  readonly references: readonly Reference[];
  /** The nearest image that it was built on and that is in the archive too. */
  readonly parent: Digest | undefined;
}

/** The documents of an archive as dockerd 28 writes them: an image layout, and what older readers want beside it. */
export function archiveDocuments(images: readonly ArchivedImage[]): { name: string; text: string }[] {
  const repositories = repositoriesOf(images);
  return [
    { name: 'index.json', text: JSON.stringify(indexOf(images)) },
    { name: 'manifest.json', text: `${JSON.stringify(images.length === 0 ? null : images.map(itemOf))}\n` },
    { name: 'oci-layout', text: '{"imageLayoutVersion": "1.0.0"}' },
    ...(repositories === undefined ? [] : [{ name: 'repositories', text: `${repositories}\n` }]),
  ];
}

function indexOf(images: readonly ArchivedImage[]): object {
  const manifests = images.flatMap(({ target: { mediaType, digest, size }, references }) => {
    const plain = { mediaType, digest, size };
    if (references.length === 0) return [plain];
    return references.map((reference) => ({
      ...plain,
      annotations: {
        'io.containerd.image.name': canonicalString(reference),
        'org.opencontainers.image.ref.name': reference.tag,
      },
    }));
  });
  return { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: images.length === 0 ? null : manifests };
}

function itemOf({ id, references, layers, diffIds, parent }: ArchivedImage): object {
  // A reader takes a source for the layer itself: only plain ones are that.
  const sources = layers
    .flatMap((layer, i) => (layer.digest === diffIds[i] ? [[diffIds[i], sourceOf(layer)] as const] : []))
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  return {
    Config: blobName(id),
    RepoTags: references.length === 0 ? null : references.map(familiarString),
    Layers: layers.map(({ digest }) => blobName(digest as Digest)),
    ...(parent && { Parent: parent }),
    ...(sources.length > 0 && { LayerSources: Object.fromEntries(sources) }),
  };
}

const sourceOf = ({ size, digest }: Descriptor) => ({ mediaType: MEDIA.ociLayer, size, digest });

/** `{"busybox":{"latest":"<top layer>"}}`, for readers from before 1.10. */
function repositoriesOf(images: readonly ArchivedImage[]): string | undefined {
  const repositories = new Map<string, Map<string, string>>();
  for (const { references, layers } of images) {
    const top = layers.at(-1);
    if (!top) continue;
    for (const reference of references) {
      const tags = repositories.get(familiarName(reference)) ?? new Map<string, string>();
      repositories.set(familiarName(reference), tags.set(reference.tag!, digestHex(top.digest as Digest)));
    }
  }
  if (repositories.size === 0) return undefined;
  return JSON.stringify(sorted([...repositories].map(([name, tags]) => [name, sorted(tags)] as const)));
}

function sorted<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where an archive has a blob. */
export function blobName(digest: Digest): string {
  return `blobs/sha256/${digestHex(digest)}`;
}

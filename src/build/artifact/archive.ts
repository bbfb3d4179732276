import type { Digest, Platform, Reference } from '#oci';
import { canonicalString, digestHex, familiarString, MEDIA } from '#oci';
import type { ArtifactDocuments, ArtifactForm } from './documents.ts';
import { plain } from './documents.ts';

/** What an archive for `oci` or `docker` says of its image. */
export interface ArchiveAbout {
  readonly form: ArtifactForm;
  readonly references: readonly Reference[];
  readonly platform: Platform;
  /** RFC 3339. */
  readonly created: string;
  /** Whether readers of Docker's own format find it too. */
  readonly isDocker: boolean;
}

/** All blobs that an archive of an image has. */
export function blobsOf({ target, manifest, config, layers, attestations }: ArtifactDocuments): Digest[] {
  const all = [target, manifest, config, ...layers, ...attestations.flatMap((one) => [one.manifest, ...one.blobs])];
  return all.map(({ digest }) => digest as Digest);
}

/** What is told of the image as a whole. */
export function targetDescriptor({ target, manifest }: ArtifactDocuments, { form, platform, created }: ArchiveAbout) {
  const isIndex = target !== manifest;
  const own = isIndex ? form.annotations.indexDescriptor : form.annotations.manifestDescriptor;
  return {
    ...target,
    annotations: { ...own, 'org.opencontainers.image.created': created },
    ...(!isIndex && { platform: plain(platform) }),
  };
}

/** The documents of the archive besides its blobs. */
export function archiveDocuments(documents: ArtifactDocuments, about: ArchiveAbout): { name: string; text: string }[] {
  const { references, isDocker } = about;
  const target = targetDescriptor(documents, about);
  const named = references.map((reference) => ({
    ...target,
    annotations: {
      ...target.annotations,
      'io.containerd.image.name': canonicalString(reference),
      'org.opencontainers.image.ref.name': reference.tag,
    },
  }));
  const index = { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: named.length > 0 ? named : [target] };
  const path = (digest: string) => `blobs/sha256/${digestHex(digest as Digest)}`;
  const item = {
    Config: path(documents.config.digest),
    RepoTags: references.length > 0 ? references.map(familiarString) : null,
    Layers: documents.layers.map(({ digest }) => path(digest)),
  };
  const old = isDocker ? [{ name: 'manifest.json', text: JSON.stringify([item]) }] : [];
  return [{ name: 'index.json', text: JSON.stringify(index) }, ...old];
}

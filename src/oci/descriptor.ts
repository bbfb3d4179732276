import type { Infer } from '#schema';
import { int64, map, nullable, object, optional, string } from '#schema';

const DescriptorPlatform = object('v1.Platform', {
  architecture: string(),
  os: string(),
  'os.version': optional(string()),
  variant: optional(string()),
});

/** Names a blob: what it is, its digest and its size in bytes (OCI image spec, "Descriptor"). */
export const Descriptor = object('v1.Descriptor', {
  mediaType: string(),
  digest: string('digest.Digest'),
  size: int64(),
  annotations: optional(map(string())),
  platform: optional(nullable(DescriptorPlatform)),
});
export type Descriptor = Infer<typeof Descriptor>;

export const MEDIA = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

/** Whether a descriptor of this media type names a list of manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA.ociIndex || mediaType === MEDIA.dockerIndex;
}

/** Whether a descriptor of this media type names the manifest of one image. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA.ociManifest || mediaType === MEDIA.dockerManifest;
}

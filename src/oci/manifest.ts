import { invalid } from '#errdefs';
import type { Infer } from '#schema';
import { any, array, decode, int64, map, object, optional, string } from '#schema';
import { Descriptor, isIndexType, isManifestType } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { parseDigest } from './digest.ts';
import { IMAGE_LIMITS } from './limits.ts';

const Document = object('v1.Manifest', {
  schemaVersion: int64('int'),
  mediaType: optional(string()),
  artifactType: optional(string()),
  config: Descriptor,
  layers: array(Descriptor),
  manifests: any(),
  annotations: optional(map(string())),
});

const IndexDocument = object('v1.Index', {
  schemaVersion: int64('int'),
  mediaType: optional(string()),
  manifests: array(Descriptor),
  layers: any(),
  annotations: optional(map(string())),
});

/** A manifest of one image, OCI or Docker schema 2: its config and its layers, base first. */
export type Manifest = Omit<Infer<typeof Document>, 'layers'> & { layers: Descriptor[] };

/** A list of manifests (OCI index, Docker manifest list, index.json of an image layout). */
export type ImageIndex = Omit<Infer<typeof IndexDocument>, 'manifests'> & { manifests: Descriptor[] };

/** Whether a descriptor's digest is one that its reader can follow. Throws when it is not. */
type DigestCheck = (digest: string) => unknown;

/** Decodes a manifest; one that could also be read as an index, is too large or names bad digests is refused. */
export function decodeManifest(
  bytes: Uint8Array,
  check: DigestCheck = parseDigest,
  most: number = IMAGE_LIMITS.layers,
): Manifest {
  bounded(bytes);
  const document = decode(Document, text(bytes));
  if (document.manifests != null || isIndexType(document.mediaType ?? '')) {
    throw invalid('invalid manifest: expected an image manifest, got an index');
  }
  const layers = document.layers ?? [];
  if (layers.length > most) throw invalid(`invalid manifest: more than ${most} layers`);
  for (const descriptor of [document.config, ...layers]) checkDescriptor(descriptor, check);
  return { ...document, layers };
}

/** Decodes an index; one that could also be read as a manifest, is too large or names bad digests is refused. */
export function decodeIndex(bytes: Uint8Array, check: DigestCheck = parseDigest): ImageIndex {
  bounded(bytes);
  const document = decode(IndexDocument, text(bytes));
  if (document.layers != null || isManifestType(document.mediaType ?? '')) {
    throw invalid('invalid index: expected an index, got an image manifest');
  }
  const manifests = document.manifests ?? [];
  if (manifests.length > IMAGE_LIMITS.manifests) {
    throw invalid(`invalid index: more than ${IMAGE_LIMITS.manifests} manifests`);
  }
  for (const descriptor of manifests) checkDescriptor(descriptor, check);
  return { ...document, manifests };
}

/** The digest that a decoded descriptor names. */
export function digestIn(descriptor: Descriptor): Digest {
  return parseDigest(descriptor.digest);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

function bounded(bytes: Uint8Array): void {
  if (bytes.length > IMAGE_LIMITS.manifestBytes) {
    throw invalid(`invalid manifest: larger than ${IMAGE_LIMITS.manifestBytes} bytes`);
  }
}

function checkDescriptor(descriptor: Descriptor, check: DigestCheck): void {
  check(descriptor.digest);
  if (descriptor.size < 0) throw invalid(`invalid descriptor: negative size ${descriptor.size}`);
}

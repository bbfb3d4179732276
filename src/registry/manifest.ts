import { invalid } from '#errdefs';
import type { AnyDigest, Descriptor } from '#oci';
import { decodeIndex, decodeManifest, isAnyDigest, isIndexType, isManifestType, MEDIA } from '#oci';
import { RegistryError } from './errors.ts';

/** What a registry has to know of a manifest; its bytes are kept as they came. */
export interface ManifestFacts {
  readonly mediaType: string;
  /** What the manifest is of: its artifactType, else its config's media type. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly subject: AnyDigest | undefined;
  /** Blobs that must be in the repository. */
  readonly blobs: readonly Descriptor[];
  /** Manifests that must be in the repository. */
  readonly manifests: readonly Descriptor[];
}

const ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;
/** Layers that are never pushed: Windows' base layers, which come from their vendor. */
const FOREIGN = /nondistributable|foreign/;

interface Document {
  readonly mediaType?: unknown;
  readonly schemaVersion?: unknown;
  readonly artifactType?: unknown;
  readonly manifests?: unknown;
  readonly blobs?: unknown;
  readonly subject?: { readonly digest?: unknown } | null;
}

/** Reads a manifest; `contentType` is what its sender calls it, undefined when it is read back. */
export function manifestFacts(bytes: Buffer, contentType?: string): ManifestFacts {
  const document = parse(bytes);
  const mediaType = mediaTypeOf(document, contentType);
  if (isIndexType(mediaType)) return indexFacts(bytes, document, mediaType);
  if (isManifestType(mediaType)) return imageFacts(bytes, document, mediaType);
  if (mediaType === ARTIFACT) return artifactFacts(document, mediaType);
  throw invalidManifest(`the media type ${JSON.stringify(mediaType)} is none of a manifest`);
}

function parse(bytes: Buffer): Document {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch (error) {
    throw invalidManifest((error as Error).message);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalidManifest('a manifest is a JSON object');
  }
  return document;
}

function mediaTypeOf(document: Document, contentType: string | undefined): string {
  const asked = contentType?.replace(/;.*$/s, '').trim();
  const own = typeof document.mediaType === 'string' && document.mediaType !== '' ? document.mediaType : undefined;
  if (document.schemaVersion === 1 || (asked && SCHEMA_1.test(asked))) {
    throw invalidManifest('manifests of schema 1 are not supported: push the image again with a newer client');
  }
  if (own && asked && asked !== own && (isIndexType(asked) || isManifestType(asked) || asked === ARTIFACT)) {
    throw invalidManifest(`the Content-Type is ${asked}, the manifest's mediaType ${own}`);
  }
  if (own) return own;
  const guess = document.manifests === undefined ? MEDIA.ociManifest : MEDIA.ociIndex;
  return asked && (isIndexType(asked) || isManifestType(asked)) ? asked : guess;
}

function imageFacts(bytes: Buffer, document: Document, mediaType: string): ManifestFacts {
  const { config, layers, artifactType, annotations } = decoded(() => decodeManifest(bytes, checkDigest));
  return {
    mediaType,
    artifactType: artifactType || config.mediaType || undefined,
    annotations: annotations ?? undefined,
    subject: subjectOf(document),
    blobs: [config, ...layers].filter((layer) => !FOREIGN.test(layer.mediaType)),
    manifests: [],
  };
}

function indexFacts(bytes: Buffer, document: Document, mediaType: string): ManifestFacts {
  const { manifests, annotations } = decoded(() => decodeIndex(bytes, checkDigest));
  return {
    mediaType,
    artifactType: typeof document.artifactType === 'string' ? document.artifactType : undefined,
    annotations: annotations ?? undefined,
    subject: subjectOf(document),
    blobs: [],
    manifests,
  };
}

function artifactFacts(document: Document, mediaType: string): ManifestFacts {
  const blobs = Array.isArray(document.blobs) ? (document.blobs as Descriptor[]) : [];
  if (blobs.some((blob) => !isAnyDigest(blob?.digest))) throw invalidManifest('a blob has no valid digest');
  return {
    mediaType,
    artifactType: typeof document.artifactType === 'string' ? document.artifactType : undefined,
    annotations: undefined,
    subject: subjectOf(document),
    blobs,
    manifests: [],
  };
}

function subjectOf({ subject }: Document): AnyDigest | undefined {
  if (subject === undefined || subject === null) return undefined;
  if (!isAnyDigest(subject.digest)) throw invalidManifest('the subject has no valid digest');
  return subject.digest;
}

function checkDigest(text: string): void {
  if (!isAnyDigest(text)) throw invalid(`${JSON.stringify(text)} is no digest of SHA-256 or SHA-512`);
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw invalidManifest((error as Error).message);
  }
}

function invalidManifest(detail: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', { detail });
}

import { Semaphore } from '#async';
import type { Lease } from '#content';
import { invalid } from '#errdefs';
import type { LayerRef } from '#image';
import type { Descriptor, Platform } from '#oci';
import { MEDIA } from '#oci';
import type { Compression } from '../cache/compression.ts';
import { packLayer } from '../cache/pack-layer.ts';
import type { Context } from '../context.ts';
import type { Annotations } from './annotations.ts';
import type { Statement } from './statement.ts';
import { statementDocument } from './statement.ts';

/** How the documents of an image are to be. */
export interface ArtifactForm {
  readonly compression: Compression;
  /** OCI's names of media types, else Docker's. */
  readonly isOci: boolean;
  readonly annotations: Annotations;
  /** What the image is attested by; needs its names to be told. */
  readonly statements: readonly Statement[];
  readonly names: readonly string[];
}

/** An image as documents of the content store. */
export interface ArtifactDocuments {
  /** What a name means: an index where there are attestations, else the manifest. */
  readonly target: Descriptor;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Manifests of what the image is attested by, and their blobs. */
  readonly attestations: readonly { readonly manifest: Descriptor; readonly blobs: readonly Descriptor[] }[];
}

export interface ArtifactRequest {
  readonly document: Uint8Array;
  readonly layers: readonly LayerRef[];
  readonly platform: Platform;
  readonly form: ArtifactForm;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

const PARALLEL = 4;
const ATTESTATION = 'attestation-manifest';

/** Writes the documents of an image, and whatever it is attested by, into the content store; the lease holds them. */
export async function makeDocuments(context: Context, request: ArtifactRequest): Promise<ArtifactDocuments> {
  const { document, platform, form, lease } = request;
  const { annotations, statements, isOci } = form;
  const layers = await packAll(context, request);
  const config = {
    mediaType: isOci ? MEDIA.ociConfig : MEDIA.dockerConfig,
    digest: await context.content.put(document, lease),
    size: document.length,
  };
  const writer = { context, lease };
  const manifest = await put(writer, isOci ? MEDIA.ociManifest : MEDIA.dockerManifest, {
    config,
    layers,
    ...noted(annotations.manifest),
  });
  if (statements.length === 0) {
    if (Object.keys({ ...annotations.index, ...annotations.indexDescriptor }).length > 0) {
      throw invalid('index annotations not supported for single platform export');
    }
    return { target: manifest, manifest, config, layers, attestations: [] };
  }
  const attested = await attest(writer, { manifest, platform, form });
  const described = { ...manifest, ...noted(annotations.manifestDescriptor), platform: plain(platform) };
  const reference = {
    annotations: { 'vnd.docker.reference.digest': manifest.digest, 'vnd.docker.reference.type': ATTESTATION },
    platform: { architecture: 'unknown', os: 'unknown' },
  };
  const target = await put(writer, MEDIA.ociIndex, {
    manifests: [described, { ...attested.manifest, ...reference }],
    ...noted(annotations.index),
  });
  return { target, manifest, config, layers, attestations: [attested] };
}

async function packAll(context: Context, { layers, form, lease, signal }: ArtifactRequest): Promise<Descriptor[]> {
  const places = new Semaphore(PARALLEL);
  const results = await Promise.allSettled(
    layers.map(async (layer) => {
      using _place = await places.acquire(signal);
      const packed = await packLayer(context, layer, { compression: form.compression, lease, signal });
      return { ...packed, mediaType: layerType(packed.mediaType, form.isOci) };
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<Descriptor>).value);
}

/** OCI and Docker name the same layers differently. */
export function layerType(mediaType: string, isOci: boolean): string {
  const kind = /gzip$/.test(mediaType) ? 'gzip' : /zstd$/.test(mediaType) ? 'zstd' : '';
  if (isOci) return kind === '' ? MEDIA.ociLayer : `${MEDIA.ociLayer}+${kind}`;
  return `application/vnd.docker.image.rootfs.diff.tar${kind && `.${kind}`}`;
}

interface Writer {
  readonly context: Context;
  readonly lease: Lease;
}

async function attest(
  { context, lease }: Writer,
  { manifest, platform, form }: { manifest: Descriptor; platform: Platform; form: ArtifactForm },
): Promise<ArtifactDocuments['attestations'][number]> {
  const layers: Descriptor[] = [];
  for (const statement of form.statements) {
    const bytes = Buffer.from(statementDocument(statement, { manifest, platform, names: form.names }));
    layers.push({
      mediaType: 'application/vnd.in-toto+json',
      digest: await context.content.put(bytes, lease),
      size: bytes.length,
      annotations: { 'in-toto.io/predicate-type': statement.predicateType },
    });
  }
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const document = Buffer.from(JSON.stringify({ architecture: 'unknown', os: 'unknown', config: {}, rootfs }));
  const digest = await context.content.put(document, lease);
  const config = { mediaType: MEDIA.ociConfig, digest, size: document.length };
  const made = await put({ context, lease }, MEDIA.ociManifest, { config, layers });
  return { manifest: made, blobs: [config, ...layers] };
}

async function put({ context, lease }: Writer, mediaType: string, parts: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...parts }, undefined, 2));
  return { mediaType, digest: await context.content.put(bytes, lease), size: bytes.length };
}

const noted = (annotations: Readonly<Record<string, string>>) =>
  Object.keys(annotations).length > 0 ? { annotations } : {};

export const plain = ({ architecture, os, variant }: Platform) => ({ architecture, os, ...(variant && { variant }) });

import type { Received } from '#content';
import { reachable } from '#content';
import { invalid, notFound } from '#errdefs';
import type { Descriptor, Digest, Platform, Reference } from '#oci';
import {
  decodeImageConfig,
  decodeIndex,
  decodeManifest,
  digestHex,
  digestIn,
  formatPlatform,
  hostPlatform,
  IMAGE_LIMITS,
  isIndexType,
  isManifestType,
  parseReference,
  platformMatches,
} from '#oci';
import type { Archive } from './archive.ts';
import type { PlannedImage } from './plan.ts';

export const NEST_LIMIT = 4;

type Indexes = PlannedImage['indexes'];

/** Where an image layout has a blob. */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${digestHex(digest)}`;
}

export async function readIndex(file: Received): Promise<Descriptor[]> {
  return decodeIndex(await file.bytes(IMAGE_LIMITS.manifestBytes)).manifests;
}

/**
 * The images of an OCI image layout: one for each manifest or index that index.json names (the same one under several
 * names is one image). Of an index, the manifest for the wanted platform, else for this machine's, else its only one.
 */
export async function planOciArchive(archive: Archive, platform?: Platform): Promise<PlannedImage[]> {
  const images = new Map<string, PlannedImage>();
  for (const descriptor of await readIndex(archive.file('index.json'))) {
    if (isAttestation(descriptor)) continue;
    const name = referenceOf(descriptor);
    const known = images.get(descriptor.digest) ?? (await planWhole(archive, descriptor, platform));
    if (known) images.set(descriptor.digest, { ...known, references: [...known.references, ...(name ? [name] : [])] });
  }
  return [...images.values()];
}

/** An image with all that its index leads to, unless one platform of it is wanted. */
async function planWhole(
  archive: Archive,
  descriptor: Descriptor,
  platform: Platform | undefined,
): Promise<PlannedImage | undefined> {
  const planned = await plan(archive, descriptor, platform, []);
  if (!planned || planned.indexes.length === 0 || platform) return planned;
  const has = (digest: Digest) => archive.has(blobPath(digest));
  const fileOf = (digest: Digest) => archive.file(blobPath(digest));
  const read = (digest: Digest, limit: number) => fileOf(digest).bytes(limit);
  const reached = await reachable({ has, read }, [descriptor]);
  return { ...planned, others: [...reached].filter(has).map(fileOf) };
}

async function plan(
  archive: Archive,
  descriptor: Descriptor,
  platform: Platform | undefined,
  indexes: Indexes,
): Promise<PlannedImage | undefined> {
  const { mediaType } = descriptor;
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) return undefined;
  const file = blobOf(archive, descriptor);
  if (isManifestType(mediaType)) return planManifest(archive, { file, mediaType }, indexes);
  if (indexes.length >= NEST_LIMIT) throw invalid(`indexes are nested more than ${NEST_LIMIT} deep`);
  const inner = choose(archive, await readIndex(file), platform);
  return plan(archive, inner, platform, [...indexes, { file, mediaType }]);
}

async function planManifest(
  archive: Archive,
  manifest: NonNullable<PlannedImage['manifest']>,
  indexes: Indexes,
): Promise<PlannedImage> {
  const document = decodeManifest(await manifest.file.bytes(IMAGE_LIMITS.manifestBytes));
  const config = blobOf(archive, document.config);
  const decoded = decodeImageConfig(await config.bytes(IMAGE_LIMITS.configBytes));
  if (document.layers.length !== decoded.diffIds.length) {
    const [expected, got] = [document.layers.length, decoded.diffIds.length];
    throw invalid(`invalid manifest, layers length mismatch: expected ${expected}, got ${got}`);
  }
  const layers = document.layers.map((layer) => blobOf(archive, layer));
  return { config, decoded, layers, manifest, indexes, references: [] };
}

/** The best manifest of an index that is in the archive at all: archives often carry one platform of many. */
function choose(archive: Archive, manifests: readonly Descriptor[], wanted?: Platform): Descriptor {
  const candidates = manifests.filter((one) => !isAttestation(one) && archive.has(blobPath(digestIn(one))));
  const platform = wanted ?? hostPlatform();
  const fitting = candidates.filter((one) => !one.platform || platformMatches(platform, one.platform));
  const exact = fitting.find((one) => one.platform && (one.platform.variant ?? '') === (platform.variant ?? ''));
  const only = !wanted && candidates.length === 1 ? candidates[0] : undefined;
  const chosen = exact ?? fitting[0] ?? only;
  if (chosen) return chosen;
  throw notFound(`no image for platform ${formatPlatform(platform)} in the archive`);
}

/** A blob that a descriptor names; its size must be what the descriptor says. */
function blobOf(archive: Archive, descriptor: Descriptor): Received {
  const file = archive.file(blobPath(digestIn(descriptor)));
  if (file.size === descriptor.size) return file;
  throw invalid(`blob ${descriptor.digest} has ${file.size} bytes, its descriptor says ${descriptor.size}`);
}

/** BuildKit's provenance and SBOM manifests run nowhere. */
function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.annotations?.['vnd.docker.reference.type'] !== undefined || descriptor.platform?.os === 'unknown';
}

/** The name of an entry of index.json: containerd's full one, else OCI's when it is more than a bare tag. */
function referenceOf({ annotations }: Descriptor): Reference | undefined {
  const full = annotations?.['io.containerd.image.name'];
  const short = annotations?.['org.opencontainers.image.ref.name'];
  const text = full ?? (short && /[:/]/.test(short) ? short : undefined);
  if (text === undefined) return undefined;
  const { domain, path, tag = 'latest' } = parseReference(text);
  return { domain, path, tag };
}

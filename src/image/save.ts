import { internal } from '#errdefs';
import type { Descriptor, Digest, Manifest, Platform } from '#oci';
import {
  decodeManifest,
  digestIn,
  formatPlatform,
  hostPlatform,
  IMAGE_LIMITS,
  MEDIA,
  parseDigest,
  platformMatches,
} from '#oci';
import { encodeEntry, paddingOf, TAR_END } from '#tar';
import type { ImageDeps } from './deps.ts';
import type { ImageRecord } from './record.ts';
import type { ArchivedImage } from './save-documents.ts';
import { archiveDocuments, blobName } from './save-documents.ts';
import type { SavedImage } from './save-names.ts';
import { namedForSave } from './save-names.ts';
import { tellOf } from './tell.ts';

export interface SaveOptions {
  /** Images of another one are an error, and of an index only its manifest for this one is written. */
  readonly platform?: Platform;
  readonly signal?: AbortSignal;
}

/** A blob of the archive, and when the image that it belongs to was made. */
interface Member {
  readonly size: number;
  readonly seconds: number;
}

/**
 * The archive of some images, the same bytes each time: an OCI image layout with Docker's manifest.json. Blobs and
 * documents are written as they are kept, so all digests survive. Nothing is written before every blob is verified: what
 * is damaged is an error of the call, not an archive that ends early.
 */
export async function* saveImages(
  deps: ImageDeps,
  names: readonly string[],
  options: SaveOptions,
): AsyncGenerator<Uint8Array> {
  const { content, rows } = deps;
  const saved = namedForSave(rows, names);
  for (const { image } of saved) assertPlatform(image, options.platform);
  using lease = content.lease();
  const members = new Map<Digest, Member>();
  const ids = new Set(saved.map(({ image }) => image.id));
  const archived: ArchivedImage[] = [];
  for (const one of saved) {
    const target = options.platform ? await manifestOf(deps, one.image) : one.image.target;
    const manifest = decodeManifest(await content.read(one.image.manifest, IMAGE_LIMITS.manifestBytes));
    const needed = [one.image.manifest, digestIn(manifest.config), ...manifest.layers.map(digestIn)];
    // Of an index, what is here is written.
    const found = [...(await content.reach(target))].filter((digest) => content.has(digest));
    for (const digest of [...needed, ...found]) lease.hold(digest);
    for (const digest of new Set([...needed, ...found])) {
      await content.verify(digest, options.signal);
      members.set(digest, { size: await content.size(digest), seconds: secondsOf(one.image, manifest, digest) });
    }
    archived.push(archivedImage(deps, one, { target, manifest, ids }));
  }
  if (archived.length > 0) deps.store.tx(() => archived.forEach(({ id }) => void tellOf(deps, 'save', id)));
  yield* write(deps, archived, members);
}

function assertPlatform(image: ImageRecord, platform: Platform | undefined): void {
  if (!platform) return;
  const own = { ...image.config, os: image.config.os || 'linux', architecture: image.config.architecture || 'amd64' };
  // Docker: the image of another platform is a failure of the engine (500).
  if (!platformMatches({ ...hostPlatform(), ...platform }, own)) {
    throw internal(`no suitable export target found for platform ${formatPlatform(platform)}`);
  }
}

async function manifestOf({ content }: ImageDeps, { target, manifest }: ImageRecord): Promise<Descriptor> {
  if (target.digest === manifest) return target;
  const bytes = await content.read(manifest, IMAGE_LIMITS.manifestBytes);
  const { mediaType } = decodeManifest(bytes);
  return { mediaType: mediaType || MEDIA.ociManifest, digest: manifest, size: bytes.length };
}

/** Docker: config and layers have the time of the image, documents none. */
function secondsOf(image: ImageRecord, manifest: Manifest, digest: Digest): number {
  const hasTime = digest === image.id || manifest.layers.some((layer) => layer.digest === digest);
  return hasTime && image.created !== undefined && image.created > 0n ? Number(image.created / 1_000_000_000n) : 0;
}

function archivedImage(
  { rows }: ImageDeps,
  { image, references }: SavedImage,
  { target, manifest, ids }: { target: Descriptor; manifest: Manifest; ids: ReadonlySet<Digest> },
): ArchivedImage {
  let parent = image.parent;
  while (parent !== '' && !ids.has(parent)) parent = rows.get(parent)?.parent ?? '';
  return {
    id: image.id,
    target,
    layers: manifest.layers,
    diffIds: image.config.diffIds,
    references,
    parent: parent === '' ? undefined : parseDigest(parent),
  };
}

async function* write(
  { content }: ImageDeps,
  images: readonly ArchivedImage[],
  members: ReadonlyMap<Digest, Member>,
): AsyncGenerator<Uint8Array> {
  const seconds = Math.max(0, ...[...members.values()].map((member) => member.seconds));
  if (members.size > 0) for (const name of ['blobs/', 'blobs/sha256/']) yield header('directory', name, 0, seconds);
  for (const digest of [...members.keys()].sort()) {
    const { size, seconds: time } = members.get(digest)!;
    yield header('file', blobName(digest), size, time);
    yield* content.open(digest);
    yield paddingOf(size);
  }
  for (const { name, text } of archiveDocuments(images)) {
    const bytes = Buffer.from(text);
    yield Buffer.concat([header('file', name, bytes.length, 0), bytes, paddingOf(bytes.length)]);
  }
  yield TAR_END;
}

function header(type: 'file' | 'directory', name: string, size: number, seconds: number): Buffer {
  const mode = type === 'file' ? 0o644 : 0o755;
  return encodeEntry({ type, name: Buffer.from(name), size, mode, mtime: { seconds, nanoseconds: 0 } });
}

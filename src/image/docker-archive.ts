import type { Received } from '#content';
import { invalid } from '#errdefs';
import type { ArchiveItem, Reference } from '#oci';
import {
  decodeArchiveItems,
  decodeImageConfig,
  decodeManifest,
  digestIn,
  IMAGE_LIMITS,
  isDigest,
  isIndexType,
  isManifestType,
  parseReference,
} from '#oci';
import type { Archive } from './archive.ts';
import { blobPath, NEST_LIMIT, readIndex } from './oci-archive.ts';
import type { PlannedImage } from './plan.ts';

/** The images of manifest.json, in its order, with Docker's messages for what does not fit together. */
export async function planDockerArchive(archive: Archive): Promise<PlannedImage[]> {
  const items = decodeArchiveItems(await archive.file('manifest.json').bytes(IMAGE_LIMITS.manifestBytes));
  const manifests = await manifestsByConfig(archive);
  const images: PlannedImage[] = [];
  for (const item of items) images.push(await plan(archive, item, manifests));
  return images;
}

async function plan(archive: Archive, item: ArchiveItem, manifests: Map<string, Candidate>): Promise<PlannedImage> {
  const config = archive.file(item.config);
  const decoded = decodeImageConfig(await config.bytes(IMAGE_LIMITS.configBytes));
  if (item.layers.length !== decoded.diffIds.length) {
    const [expected, got] = [item.layers.length, decoded.diffIds.length];
    throw invalid(`invalid manifest, layers length mismatch: expected ${expected}, got ${got}`);
  }
  const layers = item.layers.map((path) => archive.file(path));
  const known = manifests.get(config.digest);
  const fits = known?.layers.join() === layers.map((layer) => layer.digest).join();
  return {
    config,
    decoded,
    layers,
    ...(known && fits && { manifest: known.manifest }),
    indexes: known && fits ? known.indexes : [],
    references: item.tags.map(parseTag),
    ...(isDigest(item.parent) && { parent: item.parent }),
  };
}

function parseTag(text: string): Reference {
  const reference = parseReference(text);
  if (reference.tag === undefined) throw invalid(`invalid tag ${JSON.stringify(text)}`);
  return reference;
}

interface Candidate {
  readonly manifest: NonNullable<PlannedImage['manifest']>;
  /** What leads to it, the outermost first. */
  readonly indexes: PlannedImage['indexes'];
  readonly layers: readonly string[];
}

/** Since 25, Docker writes both formats into one archive: the manifests that index.json leads to, by their config. */
async function manifestsByConfig(archive: Archive): Promise<Map<string, Candidate>> {
  const found = new Map<string, Candidate>();
  if (archive.has('index.json')) await collect(archive, archive.file('index.json'), [], found);
  return found;
}

async function collect(
  archive: Archive,
  index: Received,
  indexes: Candidate['indexes'],
  found: Map<string, Candidate>,
): Promise<void> {
  for (const descriptor of await readIndex(index)) {
    const { mediaType } = descriptor;
    const path = blobPath(digestIn(descriptor));
    if (!archive.has(path) || found.size > IMAGE_LIMITS.manifests) continue;
    const file = archive.file(path);
    if (isIndexType(mediaType) && indexes.length < NEST_LIMIT) {
      await collect(archive, file, [...indexes, { file, mediaType }], found);
    } else if (isManifestType(mediaType)) {
      const { config, layers } = decodeManifest(await file.bytes(IMAGE_LIMITS.manifestBytes));
      found.set(config.digest, { manifest: { file, mediaType }, indexes, layers: layers.map(({ digest }) => digest) });
    }
  }
}

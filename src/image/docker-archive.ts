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
  isManifestType,
  parseReference,
} from '#oci';
import type { Archive } from './archive.ts';
import { blobPath, readIndex } from './oci-archive.ts';
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
  const manifest = manifests.get(config.digest);
  const fits = manifest?.layers.join() === layers.map((layer) => layer.digest).join();
  return {
    config,
    decoded,
    layers,
    ...(manifest && fits && { manifest }),
    indexes: [],
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
  readonly file: Received;
  readonly mediaType: string;
  readonly layers: readonly string[];
}

/** Since 25, Docker writes both formats into one archive: the manifests that index.json names, by their config. */
async function manifestsByConfig(archive: Archive): Promise<Map<string, Candidate>> {
  const found = new Map<string, Candidate>();
  if (!archive.has('index.json')) return found;
  for (const descriptor of await readIndex(archive.file('index.json'))) {
    const path = blobPath(digestIn(descriptor));
    if (!isManifestType(descriptor.mediaType) || !archive.has(path)) continue;
    const file = archive.file(path);
    const manifest = decodeManifest(await file.bytes(IMAGE_LIMITS.manifestBytes));
    const layers = manifest.layers.map((layer) => layer.digest);
    found.set(manifest.config.digest, { file, mediaType: descriptor.mediaType, layers });
  }
  return found;
}

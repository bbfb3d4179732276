import type { Readable } from 'node:stream';
import type { Progress } from '#api';
import type { Lease, Received } from '#content';
import { invalid } from '#errdefs';
import type { Platform } from '#oci';
import { chainIds, familiarString, platformMatches, shortId } from '#oci';
import { failpoint } from '#sys';
import { Archive } from './archive.ts';
import type { ReadyImage, Renamed } from './commit.ts';
import { commitImages } from './commit.ts';
import type { ImageDeps } from './deps.ts';
import { planDockerArchive } from './docker-archive.ts';
import type { Layer, LayerFile } from './layers.ts';
import { packingOf, writeManifest } from './manifests.ts';
import { planOciArchive } from './oci-archive.ts';
import type { PlannedImage } from './plan.ts';
import { describe } from './plan.ts';
import { failure, inSteps, layerProgress, ProgressQueue } from './progress.ts';
import { undoing } from './undo.ts';

export interface LoadOptions {
  /** No lines about layers. */
  readonly quiet?: boolean;
  /** Which image of an index; anything else is an error. */
  readonly platform?: Platform;
  readonly signal?: AbortSignal;
}

/**
 * Loads the images of a docker-archive or an OCI image layout, all or none. Docker: every failure, from the first byte
 * on, is the last line of a successful answer.
 */
export async function* loadImages(deps: ImageDeps, body: Readable, options: LoadOptions): AsyncGenerator<Progress> {
  const queue = new ProgressQueue();
  const abort = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, abort.signal]) : abort.signal;
  const say = options.quiet ? () => {} : (line: Progress) => queue.push(line);
  try {
    yield* yield* queue.during(undoing(deps, load(deps, body, { ...options, signal, say })));
  } catch (error) {
    deps.log.info('images not loaded', { error });
    yield failure(error);
  } finally {
    abort.abort(new Error('context canceled'));
  }
}

interface Loading extends LoadOptions {
  readonly signal: AbortSignal;
  say(line: Progress): void;
}

/** Bytes first, then layers, then one transaction: what is listed is on the disk. */
async function load(deps: ImageDeps, body: Readable, loading: Loading): Promise<Progress[]> {
  await using archive = await Archive.from(deps.content, body, loading.signal);
  failpoint('image.load.received');
  const images = await plan(archive, loading.platform);
  using lease = deps.content.lease();
  await using _layers = deps.layers.hold(images.flatMap((image) => chainIds(image.decoded.diffIds)));
  const ready: ReadyImage[] = [];
  for (const image of images) ready.push(await store(deps, image, lease, loading));
  await deps.content.sync();
  failpoint('image.load.synced');
  loading.signal.throwIfAborted();
  const renamed = await commitImages(deps, ready, 'load');
  return ready.flatMap((one) => linesOf(one, renamed));
}

async function plan(archive: Archive, platform?: Platform): Promise<PlannedImage[]> {
  const images = await planFormat(archive, platform);
  for (const { decoded } of images) {
    if (decoded.os !== 'linux' && decoded.os !== '') throw invalid(`cannot load ${decoded.os} image on linux`);
  }
  // Docker: images of other platforms are passed over without a word.
  return images.filter(({ decoded }) => !platform || platformMatches(platform, decoded));
}

function planFormat(archive: Archive, platform?: Platform): Promise<PlannedImage[]> {
  if (archive.has('manifest.json')) return planDockerArchive(archive);
  if (archive.has('index.json')) return planOciArchive(archive, platform);
  throw invalid('unrecognized image format: the archive has neither manifest.json nor index.json');
}

/** Puts an image's blobs into the store and unpacks its layers; nothing refers to them yet. */
async function store(deps: ImageDeps, image: PlannedImage, lease: Lease, loading: Loading): Promise<ReadyImage> {
  const { content } = deps;
  const { decoded, layers } = image;
  const packings = await Promise.all(layers.map(packingOf));
  packings.forEach((packing, index) => {
    const [expected, got] = [decoded.diffIds[index], layers[index]!.digest];
    if (packing === 'none' && expected !== got) {
      throw invalid(`invalid diffID for layer ${index}: expected "${expected}", got "${got}"`);
    }
  });
  const document = await image.config.bytes(image.config.size);
  const manifest = image.manifest
    ? describe(image.manifest.file, image.manifest.mediaType)
    : await writeManifest(
        content,
        image.config,
        layers.map(({ digest, size }, i) => ({ digest, size, packing: packings[i]! })),
        lease,
      );
  const indexes = image.indexes.map(({ file, mediaType }) => describe(file, mediaType));
  const files = new Set([image.config, ...layers, ...image.indexes.map(({ file }) => file), ...(image.others ?? [])]);
  if (image.manifest) files.add(image.manifest.file);
  await Promise.all([...files].map((file) => content.keep(file, lease)));
  failpoint('image.load.blobs');
  const sizes = await unpack(deps, image, loading);
  failpoint('image.load.unpacked');
  const chain = chainIds(decoded.diffIds);
  return {
    image: {
      id: image.config.digest,
      target: indexes[0] ?? manifest,
      manifest: image.manifest?.file.digest ?? (manifest.digest as Received['digest']),
      document,
      layers: chain.map((chainId, i) => ({ chainId, diffId: decoded.diffIds[i]!, size: sizes[i]! })),
      ...(image.parent && { parent: image.parent }),
    },
    references: image.references,
  };
}

/** Every layer of an image side by side. A failure stops the others, and is thrown when they have stopped. */
async function unpack(deps: ImageDeps, image: PlannedImage, loading: Loading): Promise<number[]> {
  const abort = new AbortController();
  const signal = AbortSignal.any([loading.signal, abort.signal]);
  const chain = chainIds(image.decoded.diffIds);
  const unpacking = image.layers.map(async (file, i) => {
    const layer = { chainId: chain[i]!, parent: chain[i - 1], diffId: image.decoded.diffIds[i]! };
    try {
      return await deps.layers.ensure({ ...layer, open: () => counted(deps, file, layer, loading) }, signal);
    } catch (error) {
      abort.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(unpacking);
  if (abort.signal.aborted) throw abort.signal.reason;
  return results.map((result) => (result as PromiseFulfilledResult<number>).value);
}

/** A layer's bytes; lines of progress as they are read. */
function counted(deps: ImageDeps, file: Received, { diffId }: Pick<Layer, 'diffId'>, { say }: Loading): LayerFile {
  const tell = (current: number) => say(layerProgress('Loading layer', shortId(diffId), current, file.size));
  return { path: deps.content.file(file.digest), onRead: inSteps(file.size, tell) };
}

function linesOf({ image, references }: ReadyImage, renamed: readonly Renamed[]): Progress[] {
  if (references.length === 0) return [{ stream: `Loaded image ID: ${image.id}\n` }];
  return references.flatMap((reference) => {
    const name = familiarString(reference);
    const taken = renamed.find((one) => one.reference === reference);
    const note = `The image ${name} already exists, renaming the old one with ID ${taken?.previous} to empty string\n`;
    return [...(taken ? [{ stream: note }] : []), { stream: `Loaded image: ${name}\n` }];
  });
}

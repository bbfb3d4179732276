import type { Readable } from 'node:stream';
import type {
  ContainerConfig,
  DistributionInspect,
  Filters,
  HistoryItem,
  ImageDeleteItem,
  ImageInspect,
  ImagePruneReport,
  ImageSummary,
  Progress,
} from '#api';
import { Semaphore } from '#async';
import type { Content, Lease } from '#content';
import type { Registries } from '#distribution';
import { decodeAuthHeader } from '#distribution';
import { conflict } from '#errdefs';
import type { Events } from '#events';
import type { Log } from '#log';
import type { Descriptor, Digest, Platform, Reference } from '#oci';
import { isDigest, parseReference, withDefaultTag } from '#oci';
import type { Store } from '#store';
import type { BuiltImage, LayerRef, LayerRequest } from './built.ts';
import { addLayer, assemble, keepLayers, layersOf } from './built.ts';
import { applyChanges } from './changes.ts';
import type { CommitRequest } from './commit-layer.ts';
import { commitLayer } from './commit-layer.ts';
import type { ImageUsage } from './deps.ts';
import type { FsckOptions } from './fsck/fsck.ts';
import { checkImages } from './fsck/fsck.ts';
import type { ImportOptions } from './import.ts';
import { importImage } from './import.ts';
import { importUrl } from './import-url.ts';
import { historyOf, inspectImage } from './inspect.ts';
import type { Snapshots } from './layers.ts';
import { Layers } from './layers.ts';
import type { LayoutArchive } from './layout-archive.ts';
import { layoutArchive } from './layout-archive.ts';
import type { ListQuery } from './list.ts';
import { listImages } from './list.ts';
import type { LoadOptions } from './load.ts';
import { loadImages } from './load.ts';
import { assertPlatform } from './platform.ts';
import { forgottenImages, pruneImages } from './prune.ts';
import { publishIndex, roots } from './publish.ts';
import { inspectRemote } from './pull/inspect-remote.ts';
import type { PullDeps, PullOptions } from './pull/pull.ts';
import { pullImage, pullTarget } from './pull/pull.ts';
import { Transfers } from './pull/transfer.ts';
import type { Packing } from './push/pack-blob.ts';
import { packBlob } from './push/pack-blob.ts';
import type { PushDeps, PushOptions } from './push/push.ts';
import { pushImage, pushTarget } from './push/push.ts';
import type { ImageRecord } from './record.ts';
import type { RemoveOptions } from './remove.ts';
import { removeImage } from './remove.ts';
import type { PushedDocument, Repository, RepositoryAccess } from './repository.ts';
import { openRepository, pushDocument } from './repository.ts';
import { imageIdOf, resolveImage } from './resolve.ts';
import type { SaveOptions } from './save.ts';
import { saveImages } from './save.ts';
import { ImageRows } from './store.ts';
import { tagImage } from './tag.ts';
import type { TakeRequest } from './take-layers.ts';
import { takeLayers } from './take-layers.ts';

export interface ImagesOptions {
  readonly store: Store;
  readonly content: Content;
  readonly snapshots: Snapshots;
  readonly events: Pick<Events, 'record'>;
  readonly log: Log;
  readonly usage: ImageUsage;
  readonly registries: Registries;
  /** The engine's version, recorded in images that it makes. */
  readonly version?: string;
}

/** The images of one engine. */
export class Images {
  readonly #deps: PullDeps & PushDeps;
  #isPruning = false;

  constructor(options: ImagesOptions) {
    const rows = new ImageRows(options.store);
    const { store, content, events, usage, log, registries, version = '' } = options;
    const { downloads, uploads: limit } = registries.settings;
    const uploads = new Semaphore(limit);
    const transfers = new Transfers(content, { parallel: downloads, attempts: () => registries.settings.attempts });
    const layers = new Layers(rows, options.snapshots, (id) => usage.keepsLayer?.(id) ?? false);
    this.#deps = { store, rows, content, layers, events, usage, log, version, registries, transfers, uploads };
  }

  /** The image that a user means by a name, an id or the beginning of one; from the rows, in no time. */
  resolve(name: string): ImageRecord {
    return resolveImage(this.#deps.rows, name);
  }

  /** By full id, also one that only a container keeps; undefined when there is none. */
  get(id: string): ImageRecord | undefined {
    return isDigest(id) ? this.#deps.rows.get(id) : undefined;
  }

  /** The id that a name means now; undefined when there is none. */
  idOf(name: string): Digest | undefined {
    return imageIdOf(this.#deps.rows, name);
  }

  list(query: ListQuery = {}): ImageSummary[] {
    return listImages(this.#deps, query);
  }

  inspect(name: string, { platform }: { platform?: Platform } = {}): ImageInspect {
    return inspectImage(this.#fitting(name, platform));
  }

  history(name: string, { platform }: { platform?: Platform } = {}): HistoryItem[] {
    return historyOf(this.#deps.rows, this.#fitting(name, platform));
  }

  #fitting(name: string, platform: Platform | undefined): ImageRecord {
    const image = this.resolve(name);
    assertPlatform(image, name, platform);
    return image;
  }

  tag(name: string, target: { repo: string; tag: string }): Promise<void> {
    return tagImage(this.#deps, name, target);
  }

  async remove(
    name: string,
    options: RemoveOptions & { platforms?: readonly Platform[] } = {},
  ): Promise<ImageDeleteItem[]> {
    for (const platform of options.platforms ?? []) this.#fitting(name, platform);
    return removeImage(this.#deps, name, options);
  }

  /** One at a time. */
  async prune(filters: Filters = {}): Promise<ImagePruneReport> {
    if (this.#isPruning) throw conflict('a prune operation is already running');
    this.#isPruning = true;
    try {
      return await pruneImages(this.#deps, filters);
    } finally {
      this.#isPruning = false;
    }
  }

  /** Loads an archive; lines as dockerd's, a failure is the last of them. */
  load(body: Readable, options: LoadOptions & { platform?: Platform } = {}): AsyncGenerator<Progress> {
    return loadImages(this.#deps, body, options);
  }

  /** Pulls an image, or all of a repository, by a name and a separate tag or digest ('': what the name says). */
  pull(name: string, tag: string, options: PullOptions = {}): AsyncGenerator<Progress> {
    return pullImage(this.#deps, pullTarget(name, tag, parseReference), options);
  }

  /** Pushes what a name with a tag means ('': what the name says), or all tags of a repository. */
  push(name: string, tag: string, options: PushOptions = {}): AsyncGenerator<Progress> {
    return pushImage(this.#deps, pushTarget(name, tag), options);
  }

  /** The archive of these images; throws before its first bytes. */
  save(names: readonly string[], options: SaveOptions = {}): AsyncGenerator<Uint8Array> {
    return saveImages(this.#deps, names, options);
  }

  /** What a registry has under a name, without pulling it; `auth` is the `X-Registry-Auth` header. */
  inspectRemote(
    name: string,
    { auth, signal }: { auth: string | undefined; signal: AbortSignal },
  ): Promise<DistributionInspect> {
    const reference = withDefaultTag(parseReference(name));
    return inspectRemote(this.#deps.registries, reference, { credentials: decodeAuthHeader(auth), signal });
  }

  /** Makes an image of a file system tree in a tar; throws before the only line, which has the id. */
  import(body: Readable, options: ImportOptions): AsyncGenerator<Progress> {
    return importImage(this.#deps, body, options);
  }

  /** The same of an archive at an address, fetched from there. */
  importUrl(source: string, options: ImportOptions): AsyncGenerator<Progress> {
    return importUrl(this.#deps, source, options);
  }

  /** Makes an image of the one that a container was made from and what the container changed; its id. */
  commit(request: CommitRequest): Promise<Digest> {
    return commitLayer(this.#deps, request);
  }

  /** The layers of an image, for images that are built on it. */
  layersOf(image: ImageRecord): Promise<LayerRef[]> {
    return layersOf(this.#deps, image);
  }

  /** Keeps layers and their blobs until it is disposed of. */
  keep(layers: readonly LayerRef[]): AsyncDisposable {
    return keepLayers(this.#deps, layers);
  }

  /** Takes in a layer that no image has yet; undefined when it changes nothing. */
  addLayer(request: LayerRequest): Promise<LayerRef | undefined> {
    return addLayer(this.#deps, request);
  }

  /** Takes in layers that lie elsewhere; all or none. */
  takeLayers(request: TakeRequest): Promise<LayerRef[]> {
    return takeLayers(this.#deps, request);
  }

  /** An image's config document, byte for byte. */
  document(image: ImageRecord): Uint8Array {
    return this.#deps.rows.document(image.id)!;
  }

  /** Packs a plain layer into a blob that the lease holds. */
  pack(layer: Descriptor, how: { packing: Packing; lease: Lease; signal: AbortSignal }): Promise<Descriptor> {
    return packBlob(this.#deps.content, layer, how);
  }

  /** An image layout of blobs that a lease holds, as an archive. */
  layoutArchive(archive: LayoutArchive, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return layoutArchive(this.#deps.content, archive, signal);
  }

  /** Opens a repository of a registry to read single blobs. */
  openRepository(reference: Reference, access: RepositoryAccess): Promise<Repository> {
    return openRepository(this.#deps, reference, access);
  }

  /** Sends a manifest and what it names, all of it in the content store, to a registry. */
  pushDocument(reference: Reference, access: RepositoryAccess, pushed: PushedDocument): Promise<void> {
    return pushDocument(this.#deps, reference, access, pushed);
  }

  /** Makes an image of layers that are here. */
  assemble(built: BuiltImage): Promise<{ id: Digest; manifest: Descriptor }> {
    return assemble(this.#deps, built);
  }

  /** Removes those of the layers that nobody keeps any more, and their blobs. */
  async removeLayers(chain: readonly Digest[]): Promise<void> {
    await this.#deps.layers.removeUnused(chain);
    await this.#deps.content.collect(() => roots(this.#deps));
  }

  /** The config that lines of a Dockerfile make of another one. */
  applyChanges(changes: readonly string[], config: ContainerConfig): ContainerConfig {
    return applyChanges(changes, config) as ContainerConfig;
  }

  /** Checks all blobs and unpacked layers, and repairs them; a line for each problem, then the report. */
  fsck(options: FsckOptions = {}): AsyncGenerator<Progress> {
    return checkImages(this.#deps, options);
  }

  /** Chain ids of the layers that some image needs, or a container whose image was removed. */
  liveLayers(): Set<Digest> {
    const kept = [...(this.#deps.usage.keptLayers?.() ?? [])];
    return new Set([...this.#deps.rows.layers(), ...kept].map(({ chainId }) => chainId));
  }

  /** Chain ids of the layers that some image needs. */
  liveLayersOfImages(): Set<Digest> {
    return new Set(this.#deps.rows.layers().map(({ chainId }) => chainId));
  }

  /** Bytes of all layers, each counted once (`LayersSize` of the disk usage). */
  layersSize(): number {
    return this.#deps.rows.layers().reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Removes whatever no image needs: images hidden for containers that are gone, their layers, blobs. For start-up, and
   * for when a container was removed whose image had been removed before it.
   */
  async collect({ isStarting = false }: { isStarting?: boolean } = {}): Promise<void> {
    const { store, rows, layers, content } = this.#deps;
    store.tx(() => {
      for (const id of forgottenImages(this.#deps)) rows.delete(id);
    });
    // A power cut must not bring back rows whose data has gone.
    await store.durable();
    await layers.removeUnused(rows.unusedLayers());
    await content.collect(() => roots(this.#deps), { shelve: isStarting });
  }

  /** A container of this image is gone: an image that was kept for it alone goes too. */
  async released(id: string): Promise<void> {
    if (forgottenImages(this.#deps).some((forgotten) => forgotten === id)) await this.collect();
  }

  /** Start-up: what a killed process left goes, index.json is true again. */
  async recover(): Promise<void> {
    await this.collect({ isStarting: true });
    publishIndex(this.#deps);
  }
}

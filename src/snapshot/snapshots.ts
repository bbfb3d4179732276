import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { KeyedMutex, Semaphore } from '#async';
import { notFound, notImplemented } from '#errdefs';
import type { Log } from '#log';
import type { Mount } from '#oci';
import { failpoint } from '#sys';
import type { CommitOptions, PreparedCommit, Unplaced } from './commit.ts';
import { commitTree, prepared, unprepared } from './commit.ts';
import type { Composition, SourceTree } from './compose.ts';
import { compose, digests, sourceMount, unpackInto } from './compose.ts';
import { layersOf, makeSnapshot, overlayMount, readOnlyMount } from './container-snapshot.ts';
import { copyUp, treeOf } from './copy-up.ts';
import { Disks } from './disk.ts';
import type { Folders } from './folders.ts';
import { openFolders } from './folders.ts';
import type { ActionDigest, CopyAction } from './jail/compose/work.ts';
import type { Found, UnpackLimits } from './jail/task.ts';
import { DEFAULT_UNPACK_LIMITS } from './jail/task.ts';
import { LayerFiles } from './layer-files.ts';
import { layerName } from './layer-name.ts';
import type { LayerSource } from './layers.ts';
import {
  checkLayer,
  compareLayer,
  findLayers,
  layerFacts,
  measureLayer,
  placeLayer,
  treesOf,
  unpackLayer,
} from './layers.ts';
import { findDirectory } from './merged.ts';
import { canOverlay, mergeLayers } from './native.ts';
import type { CopyIn, CopyOut } from './stage.ts';
import { copyIn, copyOut, exportTree, findAt, writeChanges } from './stage.ts';
import { Trash } from './trash.ts';
import type { Usage } from './usage.ts';
import { usageOf } from './usage.ts';
import type { Staged, View } from './view.ts';

export interface SnapshotOptions {
  /** The folder that holds everything here, made when it is missing. */
  readonly root: string;
  /** Path of `gantry-jail`. */
  readonly launcher: string;
  readonly log: Log;
  readonly limits?: Partial<UnpackLimits>;
  /** `native` copies all layers for each container; it is taken where an overlay cannot be mounted. */
  readonly driver?: 'overlay' | 'native';
  /** Path of `gantry-mount`: without it no size can be limited. */
  readonly mounter?: string;
  /** Bytes that a container may write unless it says otherwise. */
  readonly size?: number | undefined;
}

interface Cancellable {
  readonly signal?: AbortSignal;
}

/** Processes that wait for the end of containers: they take memory. */
const PREPARED = 4;

/** The unpacked layers of images and the writable trees of containers. */
export class Snapshots {
  readonly driver: 'overlay' | 'native';
  readonly #folders: Folders;
  readonly #launcher: string;
  readonly #limits: UnpackLimits;
  readonly #trash: Trash;
  readonly #files = new LayerFiles();
  readonly #layers: Set<string>;
  readonly #locks = new KeyedMutex();
  /** Layers on their way: one above may wait for them. */
  readonly #unpacking = new Map<string, Promise<unknown>>();
  readonly #places = new Semaphore(availableParallelism());
  /** What was here when this process began: only that can be without an owner. */
  readonly #inherited: { containers: string[]; disks: string[]; layers: string[]; ingests: string[] };
  readonly #disks: Disks;
  readonly #size: number | undefined;
  #prepared = 0;

  constructor(options: SnapshotOptions) {
    this.#folders = openFolders(options.root);
    this.#launcher = options.launcher;
    this.#limits = { ...DEFAULT_UNPACK_LIMITS, ...options.limits };
    this.#trash = new Trash(this.#folders.trash, options.log);
    this.#layers = findLayers(this.#folders);
    this.driver = options.driver ?? (canOverlay(this.#folders, options.launcher) ? 'overlay' : 'native');
    if (this.driver === 'native' && !options.driver) {
      options.log.warn('overlay cannot be mounted on the data root: containers get full copies', {
        root: options.root,
      });
    }
    this.#disks = new Disks(this.#folders, options.mounter ?? '/nonexistent');
    this.#size = options.size;
    const disks = readdirSync(this.#folders.disks);
    for (const key of disks) {
      const error = this.#disks.remount(key);
      if (error) options.log.warn('the files of a container cannot be reached', { container: key, error });
    }
    this.#inherited = {
      disks,
      containers: readdirSync(this.#folders.containers),
      layers: [...this.#layers],
      ingests: readdirSync(this.#folders.ingests),
    };
  }

  /** Whether a layer is unpacked, whole and durable. */
  has(chainId: string): boolean {
    return this.#layers.has(layerName(chainId));
  }

  /**
   * Unpacks a layer in a jail, checking its digest; it is there only when all of it is on the disk. Several may run at
   * once and in any order. Returns the bytes of its files. Throws invalid-argument for what the archive is guilty of.
   */
  async unpack(layer: LayerSource, { signal }: Cancellable = {}): Promise<{ size: number }> {
    const name = layerName(layer.chainId);
    using _lock = await this.#locks.lock(name, signal);
    if (this.#layers.has(name)) return { size: layerFacts(this.#folders, name).size };
    const work = unpackLayer(this.#folders, layer, {
      launcher: this.#launcher,
      limits: this.#limits,
      discard: (path) => this.#trash.discard(path),
      place: () => this.#places.acquire(signal),
      below: () => this.#below(layer.parent),
      ...(signal && { signal }),
    });
    this.#unpacking.set(name, work);
    try {
      const { size } = await work;
      this.#layers.add(name);
      return { size };
    } finally {
      this.#unpacking.delete(name);
    }
  }

  /** Whether a layer's tree still is what was unpacked, as far as its sizes tell. */
  async check(chainId: string): Promise<'whole' | 'missing' | 'damaged'> {
    const name = layerName(chainId);
    return this.#layers.has(name) ? await checkLayer(this.#folders, name) : 'missing';
  }

  /** Compares a layer's tree with its archive; the names that differ, at most ten. The layer must be here. */
  async compare(layer: Pick<LayerSource, 'chainId' | 'open'>, { signal }: Cancellable = {}): Promise<string[]> {
    return await compareLayer(this.#folders, layer, {
      launcher: this.#launcher,
      limits: this.#limits,
      place: () => this.#places.acquire(signal),
      ...(signal && { signal }),
    });
  }

  /** Writes down what a tree has now, where that is not the sum of its archive. */
  async measure(chainId: string): Promise<void> {
    await measureLayer(this.#folders, layerName(chainId));
  }

  /** The trees below a layer once those that are on their way have arrived. */
  async #below(parent: string | undefined): Promise<string[]> {
    if (parent === undefined) return [];
    await this.#unpacking.get(layerName(parent))?.catch(() => {});
    return treesOf(this.#folders, parent, this.#layers);
  }

  /**
   * Makes the writable tree of a container over unpacked layers (base first; none: from scratch), with empty files `marks`
   * in its root. With `size`, in bytes, no more fits in. Again is harmless.
   */
  async prepare(
    key: string,
    parents: readonly string[],
    { marks = [], size = this.#size }: { marks?: readonly string[]; size?: number | undefined } = {},
  ): Promise<void> {
    const layers = parents.map(layerName).reverse();
    const missing = layers.findIndex((name) => !this.#layers.has(name));
    if (missing >= 0) throw notFound(`layer ${parents.at(-1 - missing)} is not unpacked`);
    if (size) await this.#disks.make(checked(key), size);
    makeSnapshot(this.#folders, checked(key), { layers, marks });
    if (this.driver === 'native') await mergeLayers(this.#folders, this.#launcher, key, layers);
  }

  /** How a container's root is mounted; names are relative to `cwd`. Not-found when it is not prepared. */
  mounts(key: string): { cwd: string; mounts: Mount[] } {
    const layers = layersOf(this.#folders, checked(key));
    const cwd = this.#folders.root;
    if (this.driver === 'overlay') return { cwd, mounts: [overlayMount(key, layers)] };
    return { cwd, mounts: [{ type: 'bind', source: `c/${key}/upper`, target: '', options: ['rbind'] }] };
  }

  /** How layers (base first) are mounted to be only read; names are relative to `cwd`. Not-found when one is missing. */
  view(parents: readonly string[]): { cwd: string; mount: Mount } {
    if (this.driver === 'native') throw notImplemented('mounts of images need the storage driver overlay2');
    const layers = parents.map(layerName).reverse();
    const missing = layers.findIndex((name) => !this.#layers.has(name));
    if (missing >= 0) throw notFound(`layer ${parents.at(-1 - missing)} is not unpacked`);
    return { cwd: this.#folders.root, mount: readOnlyMount(layers) };
  }

  /** Takes away a container's tree; its files are deleted in the background. Absent is success. */
  async remove(key: string): Promise<void> {
    if (this.#disks.has(checked(key))) this.#trash.discard(await this.#disks.takeOff(key));
    this.#trash.discard(join(this.#folders.containers, key));
  }

  /** Takes away any directory on this file system in the same way; throws EXDEV for one on another. Absent is success. */
  discardFolder(path: string): void {
    this.#trash.discard(path);
  }

  /** Takes away a layer that no image and no container uses any more. Absent is success. */
  async removeLayer(chainId: string): Promise<void> {
    const name = layerName(chainId);
    using _lock = await this.#locks.lock(name);
    this.#layers.delete(name);
    this.#trash.discard(join(this.#folders.layers, name));
    failpoint('snapshot.layer.removed');
  }

  /** What a container has written, the layers below it not counted. */
  async usage(key: string): Promise<Usage> {
    layersOf(this.#folders, checked(key));
    return await usageOf(this.#upper(key));
  }

  /** A small file of a container as its processes would read it; undefined when there is none, an error over the limit. */
  async readFromSnapshot(key: string, path: string, limitBytes: number): Promise<Buffer | undefined> {
    const layers = layersOf(this.#folders, checked(key));
    const below = this.driver === 'native' ? [] : layers.map((name) => join(this.#folders.layers, name, 'diff'));
    return this.#files.read(this.#upper(key), below, { path, limit: limitBytes });
  }

  /** Fills an empty directory (a volume) with what the container's tree has at `path`; nothing there is success. */
  async copyUp(key: string, path: string, destination: string, options: Cancellable = {}): Promise<void> {
    await copyUp({ ...this.#staged(key, options), path, destination });
  }

  /** Whether a container's tree has a directory at a path, through links. */
  hasDirectory(key: string, path: string): boolean {
    return findDirectory(treeOf(this.#staged(key, {})), Buffer.from(path)) !== undefined;
  }

  /** What stands at an absolute path of a container, a link at its end not followed; not-found when there is nothing. */
  async find(key: string, path: string, view: View, options: Cancellable = {}): Promise<Found> {
    return await findAt(this.#staged(key, options), path, view);
  }

  /** Writes what stands at a path of a container as an archive. */
  async copyOut(key: string, request: CopyOut, options: Cancellable = {}): Promise<void> {
    await copyOut(this.#staged(key, options), request);
  }

  /** Unpacks an archive into a directory of a container. */
  async copyIn(key: string, request: Omit<CopyIn, 'limits'>, options: Cancellable = {}): Promise<void> {
    await copyIn(this.#staged(key, options), { ...request, limits: this.#limits });
  }

  /** Writes all files of a container as an archive, without what is mounted in it. */
  async export(key: string, view: View, output: Writable, options: Cancellable = {}): Promise<void> {
    await exportTree(this.#staged(key, options), view, output);
  }

  /** Writes what a container changed as a layer, uncompressed. With the native driver: all of its tree. */
  async diff(key: string, output: Writable, options: Cancellable = {}): Promise<void> {
    await writeChanges(this.#staged(key, options), 'diff', output);
  }

  /**
   * Writes what a container changed as a layer, uncompressed, and unpacks it at the same time; when its digest is known
   * the result is placed as a layer, else disposed of. Times later than `latest` (seconds) become that. A container that is
   * over may give its own tree (`adopts`): there is none to be copied, and the container has none any more.
   */
  async commit(key: string, output: Writable | Promise<Writable>, options: CommitOptions = {}): Promise<Unplaced> {
    const tree = this.#staged(key, options);
    // A file system of its own is no place for a layer.
    const own = options.adopts && !this.#disks.has(key) ? this.#upper(key) : undefined;
    return await commitTree(tree, output, {
      own,
      latest: options.latest,
      purpose: options.purpose,
      discard: (path) => void this.#trash.discard(path),
      place: (ingest, made) => this.#place(ingest, made),
    });
  }

  /** As {@link commit}, with what takes time made ready while the container still runs. Of a few at once. */
  prepareCommit(key: string, options: CommitOptions = {}): PreparedCommit {
    if (this.#prepared === PREPARED) return unprepared((output) => this.commit(key, output, options));
    this.#prepared++;
    return prepared((output) => this.commit(key, output, options).finally(() => this.#prepared--));
  }

  /** Copies files into a snapshot that nobody has mounted, links of either tree followed inside of it only. */
  async compose(key: string, { source, actions }: Composition, options: Cancellable = {}): Promise<void> {
    const from = source && this.#sourceOf(source);
    await compose(this.#staged(key, options), from, { ...this.#jail(options), actions });
    failpoint('snapshot.compose.copied');
  }

  /** What copies would take of a tree: for each action a digest of names, modes, owners and content, or an error. */
  async digests(
    source: SourceTree,
    actions: readonly CopyAction[],
    options: Cancellable = {},
  ): Promise<readonly ActionDigest[]> {
    const known = 'folder' in source ? source.known : undefined;
    const found = await digests({ from: this.#sourceOf(source), known }, { ...this.#jail(options), actions });
    failpoint('snapshot.digests.told');
    return found;
  }

  /** Unpacks an archive into an empty folder of the host, as plain files. */
  async unpackInto(folder: string, input: Readable, options: Cancellable = {}): Promise<void> {
    await unpackInto(folder, input, this.#jail(options));
    failpoint('snapshot.unpack-into.filled');
  }

  #sourceOf(source: SourceTree) {
    if ('folder' in source) return sourceMount(source);
    if (this.driver === 'native') throw notImplemented('copying from images needs the storage driver overlay2');
    return sourceMount({ names: source.layers.map(layerName).reverse() });
  }

  #jail({ signal }: Cancellable) {
    return { folders: this.#folders, launcher: this.#launcher, limits: this.#limits, signal };
  }

  /** A layer that is there already stays as it is. */
  async #place(
    ingest: string,
    made: { layer: Omit<LayerSource, 'open'>; size: number; entries: number },
  ): Promise<void> {
    const name = layerName(made.layer.chainId);
    using _lock = await this.#locks.lock(name);
    if (this.#layers.has(name)) return;
    await placeLayer(this.#folders, ingest, made);
    this.#layers.add(name);
  }

  /** Writes what a container changed as a list: the digit of the kind (as Docker's), the path, NUL. */
  async changes(key: string, output: Writable, options: Cancellable = {}): Promise<void> {
    await writeChanges(this.#staged(key, options), 'changes', output);
  }

  #staged(key: string, { signal }: Cancellable): Staged {
    const layers = layersOf(this.#folders, checked(key));
    const plain = this.driver === 'native' ? { plainRoot: this.#upper(key) } : {};
    return { folders: this.#folders, launcher: this.#launcher, key, layers, ...plain, ...(signal && { signal }) };
  }

  /** Removes what a crash left and what has no owner; the names of what was there. Takes only what this process found. */
  async sweep(liveContainerIds: ReadonlySet<string>, liveChainIds: ReadonlySet<string>): Promise<string[]> {
    const live = new Set([...liveChainIds].map(layerName));
    const { containers, disks, layers, ingests } = this.#inherited;
    const deadDisks = disks.filter((name) => !liveContainerIds.has(name));
    const taken = await Promise.all(deadDisks.map((name) => this.#disks.takeOff(name)));
    const deadLayers = layers.filter((name) => !live.has(name));
    for (const name of deadLayers) this.#layers.delete(name);
    const dead = [
      ...taken,
      ...ingests.map((name) => join(this.#folders.ingests, name)),
      ...containers.filter((name) => !liveContainerIds.has(name)).map((name) => join(this.#folders.containers, name)),
      ...deadLayers.map((name) => join(this.#folders.layers, name)),
    ];
    const removed = dead.filter((path) => this.#trash.discard(path));
    this.#trash.empty();
    return removed;
  }

  /** Waits until everything that was removed is deleted. */
  async settled(): Promise<void> {
    await this.#trash.empty();
  }

  #upper(key: string): string {
    return join(this.#folders.containers, key, 'upper');
  }
}

/** Keys become names of directories. */
function checked(key: string): string {
  if (!/^[0-9a-zA-Z][0-9a-zA-Z_.-]{0,127}$/.test(key)) throw new TypeError(`not a key of a snapshot: ${key}`);
  return key;
}

import type { Readable } from 'node:stream';
import { KeyedMutex, Semaphore } from '#async';
import type { Digest } from '#oci';
import { failpoint } from '#sys';
import type { ImageRows } from './store.ts';

/** What this module needs of the snapshots: what `unpack` made is on the disk when it resolves. */
export interface Snapshots {
  has(chainId: string): boolean;
  unpack(
    layer: { chainId: string; parent?: string; diffId: string; open: () => Readable | LayerFile },
    options: { signal?: AbortSignal },
  ): Promise<{ size: number }>;
  /** Whether a tree still is what was unpacked, as far as its sizes tell. */
  check(chainId: string): Promise<'whole' | 'missing' | 'damaged'>;
  /** The names of a tree that are not as its archive says, at most ten. */
  compare(
    layer: { chainId: string; open: () => Readable | LayerFile },
    options: { signal?: AbortSignal },
  ): Promise<string[]>;
  /** Writes down what a tree has now, where that is not the sum of its archive. */
  measure(chainId: string): Promise<void>;
  /** Absent is success. */
  removeLayer(chainId: string): Promise<void>;
}

/** A layer that is unpacked and has no name yet; disposing of one that was not placed removes it. */
export interface UnplacedLayer extends AsyncDisposable {
  readonly size: number;
  place(layer: { chainId: string; parent?: string; diffId: string }): Promise<void>;
}

/** A file that holds a layer's bytes and stays as it is. */
export interface LayerFile {
  readonly path: string;
  /** Hears now and then, and at the end, how many of them were read. */
  readonly onRead?: (bytes: number) => void;
}

/** A layer to be unpacked; `open` gives its bytes, compressed or plain. */
export interface Layer {
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diffId: Digest;
  open(): Readable | LayerFile;
}

const PARALLEL = 4;

/** Unpacked layers between the images that share them: made once, removed when no image and no operation needs them. */
export class Layers {
  readonly #rows: ImageRows;
  readonly #snapshots: Snapshots;
  readonly #keeps: (chainId: Digest) => boolean;
  /** Operations under way that need a layer. */
  readonly #held = new Map<Digest, number>();
  readonly #locks = new KeyedMutex();
  readonly #places = new Semaphore(PARALLEL);

  constructor(rows: ImageRows, snapshots: Snapshots, keeps: (chainId: Digest) => boolean = () => false) {
    this.#rows = rows;
    this.#snapshots = snapshots;
    this.#keeps = keeps;
  }

  /** Keeps layers for an operation; when it ends without an image that needs them, they are removed. */
  hold(chain: readonly Digest[]): AsyncDisposable {
    for (const id of chain) this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
    return {
      [Symbol.asyncDispose]: async () => {
        for (const id of chain) this.#letGo(id);
        await this.removeUnused(chain);
      },
    };
  }

  /** Whether the layer is unpacked and recorded. */
  known(chainId: Digest): boolean {
    return this.#rows.layerSize(chainId) !== undefined && this.#snapshots.has(chainId);
  }

  /** Unpacks a layer unless it is there; its unpacked bytes. Layers unpack in any order, a few at once. */
  async ensure(layer: Layer, signal?: AbortSignal): Promise<number> {
    using _lock = await this.#locks.lock(layer.chainId, signal);
    const size = this.#rows.layerSize(layer.chainId);
    if (size !== undefined && this.#snapshots.has(layer.chainId)) return size;
    using _place = await this.#places.acquire(signal);
    const { chainId, parent, diffId } = layer;
    const request = { chainId, ...(parent && { parent }), diffId, open: () => layer.open() };
    const unpacked = await this.#snapshots.unpack(request, { ...(signal && { signal }) });
    failpoint('image.layer.unpacked');
    return unpacked.size;
  }

  /** Whether a layer's tree is there and still is what was unpacked. */
  check(chainId: Digest): Promise<'whole' | 'missing' | 'damaged'> {
    return this.#snapshots.check(chainId);
  }

  /** The names of a layer's tree that are not as its archive says, at most ten. */
  compare(layer: Pick<Layer, 'chainId' | 'open'>, signal?: AbortSignal): Promise<string[]> {
    return this.#snapshots.compare({ chainId: layer.chainId, open: () => layer.open() }, { ...(signal && { signal }) });
  }

  /** Unpacks a layer anew in the place of a damaged one. Nobody may run on it. */
  async renew(layer: Layer, signal?: AbortSignal): Promise<void> {
    using _lock = await this.#locks.lock(layer.chainId, signal);
    await this.#snapshots.removeLayer(layer.chainId);
    const { chainId, parent, diffId } = layer;
    const request = { chainId, ...(parent && { parent }), diffId, open: () => layer.open() };
    await this.#snapshots.unpack(request, { ...(signal && { signal }) });
    failpoint('image.layer.renewed');
    await this.#snapshots.measure(chainId);
  }

  /** Makes what is unpacked already a layer, unless that is there. */
  async place({ chainId, parent, diffId }: Omit<Layer, 'open'>, unplaced: UnplacedLayer): Promise<void> {
    using _lock = await this.#locks.lock(chainId);
    if (this.known(chainId)) return;
    await unplaced.place({ chainId, ...(parent && { parent }), diffId });
    failpoint('image.layer.placed');
  }

  /** Removes those of the layers that nobody needs; which they were, in the given order. */
  async removeUnused(chain: readonly Digest[]): Promise<Digest[]> {
    const removed: Digest[] = [];
    for (const id of chain) {
      using _lock = await this.#locks.lock(id);
      if (this.#held.has(id) || this.#rows.layerUsed(id) || this.#keeps(id)) continue;
      const isHere = this.known(id);
      this.#rows.deleteLayer(id);
      failpoint('image.layer.forgotten');
      await this.#snapshots.removeLayer(id);
      failpoint('image.layer.removed');
      if (isHere) removed.push(id);
    }
    return removed;
  }

  #letGo(id: Digest): void {
    const left = this.#held.get(id)! - 1;
    if (left > 0) this.#held.set(id, left);
    else this.#held.delete(id);
  }
}

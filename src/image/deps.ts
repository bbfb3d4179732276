import type { Content } from '#content';
import type { Events } from '#events';
import type { Log } from '#log';
import type { Descriptor, Digest } from '#oci';
import type { Store } from '#store';
import type { Layers } from './layers.ts';
import type { ImageRows } from './store.ts';

/** A container, as far as an image that it uses is concerned. */
export interface ImageUser {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
}

export interface ImageUsage {
  containersUsing(imageId: string): ImageUser[];
  /** Layers that no image need have: what a cache keeps. */
  keepsLayer?(chainId: Digest): boolean;
  keptLayers?(): Iterable<{ readonly chainId: Digest; readonly descriptor: Descriptor }>;
}

/** What the verbs of this module work with. */
export interface ImageDeps {
  readonly store: Store;
  readonly rows: ImageRows;
  readonly content: Content;
  readonly layers: Layers;
  readonly events: Pick<Events, 'record'>;
  readonly usage: ImageUsage;
  readonly log: Log;
  /** The engine's version, recorded in images that it makes. */
  readonly version: string;
}

import { Semaphore } from '#async';
import type { Lease } from '#content';
import { invalid } from '#errdefs';
import type { Descriptor, Digest } from '#oci';
import { digestIn } from '#oci';
import { failpoint } from '#sys';
import type { LayerRef } from './built.ts';
import type { ImageDeps } from './deps.ts';
import { undoing } from './undo.ts';

/** A layer that lies elsewhere. */
export interface ForeignLayer {
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
}

export interface TakeRequest {
  /** What each lies on is here or among them. */
  readonly layers: readonly ForeignLayer[];
  /** The bytes of a blob, from wherever it lies; they are not trusted. */
  readonly fetch: (layer: ForeignLayer, signal: AbortSignal) => AsyncIterable<Buffer>;
  /** Puts on record who keeps them, when all of them are on the disk. */
  readonly record: (layers: readonly LayerRef[]) => void;
  readonly signal: AbortSignal;
}

const PARALLEL = 4;

/** Takes in layers that no image here has, side by side; all or none are recorded. Those that are here are not fetched. */
export async function takeLayers(deps: ImageDeps, request: TakeRequest): Promise<LayerRef[]> {
  return await undoing(deps, take(deps, request), { shelve: true });
}

async function take(deps: ImageDeps, request: TakeRequest): Promise<LayerRef[]> {
  const { content, layers, store, rows } = deps;
  using lease = content.lease();
  await using _held = layers.hold(request.layers.map(({ chainId }) => chainId));
  const abort = new AbortController();
  const signal = AbortSignal.any([request.signal, abort.signal]);
  const places = new Semaphore(PARALLEL);
  const work = request.layers.map(async (layer): Promise<LayerRef> => {
    try {
      using place = await places.acquire(signal);
      await takeBlob(deps, { ...request, signal }, { layer, lease });
      place[Symbol.dispose]();
      const open = () => content.open(digestIn(layer.descriptor));
      const size = await layers.ensure({ ...layer, open }, signal);
      return { ...layer, size };
    } catch (error) {
      abort.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(work);
  if (abort.signal.aborted) throw abort.signal.reason;
  const taken = results.map((result) => (result as PromiseFulfilledResult<LayerRef>).value);
  await content.sync();
  failpoint('image.taken.synced');
  request.signal.throwIfAborted();
  store.tx(() => {
    for (const layer of taken) rows.insertLayer(layer);
    request.record(taken);
  });
  failpoint('image.taken.recorded');
  return taken;
}

async function takeBlob(
  { content }: ImageDeps,
  { fetch, signal }: TakeRequest,
  { layer, lease }: { layer: ForeignLayer; lease: Lease },
): Promise<void> {
  const digest = digestIn(layer.descriptor);
  lease.hold(digest);
  if (content.has(digest)) return;
  const received = await content.receive(fetch(layer, signal), { limit: layer.descriptor.size, signal });
  if (received.digest !== digest) {
    await received.drop();
    throw invalid(`blob ${digest} has another digest: ${received.digest}`);
  }
  await content.keep(received, lease);
  failpoint('image.taken.kept');
}

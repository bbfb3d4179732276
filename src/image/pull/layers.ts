import { Readable } from 'node:stream';
import type { Progress } from '#api';
import { delay } from '#async';
import type { Descriptor, Digest } from '#oci';
import { chainIds, digestIn, shortId } from '#oci';
import { failpoint } from '#sys';
import type { ImageDeps } from '../deps.ts';
import type { LayerFile } from '../layers.ts';
import { inSteps, layerProgress, layerStatus } from '../progress.ts';
import type { RemoteImage, Source } from './documents.ts';
import type { Transfer, Transfers, Watcher } from './transfer.ts';

/** A line of progress for so many bytes. */
const STEP = 512 * 1024;
/** Unpacking holds a place that others wait for: it begins when a download is so near its end. */
const NEAR_MS = 3000;
/** A pace is taken over this time at first, then over twice that, up to a limit. */
const PACE_MS = { first: 10, last: 160 };

interface Pulling {
  readonly deps: ImageDeps;
  readonly transfers: Transfers;
  readonly source: Source;
  readonly say: (line: Progress) => void;
}

interface Layer {
  readonly descriptor: Descriptor;
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diffId: Digest;
}

/**
 * Brings all layers of an image: the blobs into the store, their trees onto the disk, side by side. A failure stops the
 * others and is thrown when they have stopped. Returns their unpacked sizes.
 */
export async function pullLayers(pulling: Pulling, image: RemoteImage): Promise<number[]> {
  const chain = chainIds(image.decoded.diffIds);
  const layers = image.layers.map((descriptor, i): Layer => {
    return { descriptor, chainId: chain[i]!, parent: chain[i - 1], diffId: image.decoded.diffIds[i]! };
  });
  // Docker: an image that is here is not told about by layer.
  const isKnown = pulling.deps.rows.get(image.config) !== undefined && layers.every((layer) => isHere(pulling, layer));
  for (const layer of isKnown ? [] : layers) {
    pulling.say(layerStatus(isHere(pulling, layer) ? 'Already exists' : 'Pulling fs layer', idOf(layer)));
  }
  const abort = new AbortController();
  const signal = AbortSignal.any([pulling.source.signal, abort.signal]);
  const work = layers.map(async (layer) => {
    try {
      return await pullLayer({ ...pulling, source: { ...pulling.source, signal } }, layer);
    } catch (error) {
      abort.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(work);
  if (abort.signal.aborted) throw abort.signal.reason;
  return results.map((result) => (result as PromiseFulfilledResult<number>).value);
}

const idOf = ({ descriptor }: Layer): string => shortId(descriptor.digest);

function isHere({ deps, source }: Pulling, { descriptor, chainId }: Layer): boolean {
  return deps.layers.known(chainId) && source.content.has(digestIn(descriptor));
}

async function pullLayer(pulling: Pulling, layer: Layer): Promise<number> {
  const { deps, source, say } = pulling;
  const { content, lease, signal } = source;
  const { chainId, parent, diffId } = layer;
  const digest = digestIn(layer.descriptor);
  lease.hold(digest);
  if (isHere(pulling, layer)) return await deps.layers.ensure({ chainId, parent, diffId, open: nothing }, signal);
  const size = content.has(digest) ? await unpackHere(pulling, layer) : await downloadAndUnpack(pulling, layer);
  failpoint('image.pull.layer');
  say(layerStatus('Pull complete', idOf(layer)));
  return size;
}

function nothing(): Readable {
  throw new Error('a layer that is here is not read');
}

/** A blob that an earlier pull left. A damaged one is fetched anew. */
async function unpackHere(pulling: Pulling, layer: Layer): Promise<number> {
  const { deps, source } = pulling;
  const digest = digestIn(layer.descriptor);
  try {
    const { chainId, parent, diffId } = layer;
    return await deps.layers.ensure(
      { chainId, parent, diffId, open: () => ({ path: source.content.file(digest) }) },
      source.signal,
    );
  } catch (error) {
    source.signal.throwIfAborted();
    deps.log.info('a layer is fetched again: it could not be unpacked', { digest, error });
    await source.content.forget(digest);
    return await downloadAndUnpack(pulling, layer);
  }
}

async function downloadAndUnpack(pulling: Pulling, layer: Layer): Promise<number> {
  const { deps, transfers, source, say } = pulling;
  const { content, lease, signal, remote } = source;
  const { transfer, place } = transfers.join(layer.descriptor, remote, watcher(layer, say));
  using _place = place;
  const leaving = Promise.withResolvers<never>();
  leaving.promise.catch(() => {});
  const leave = () => leaving.reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    let isKept = false;
    const kept = Promise.race([transfer.done, leaving.promise]).then(async (received) => {
      say(layerStatus('Download complete', idOf(layer)));
      await content.keep(received, lease);
      failpoint('image.pull.kept');
      isKept = true;
    });
    kept.catch(() => {});
    await Promise.race([nearEnd(transfer), leaving.promise]);
    // Who had to wait for a place may find all of it here.
    const open = () =>
      isKept ? extractingFile(content.file(transfer.digest), layer, say) : extracting(transfer, layer, say);
    const unpacked = deps.layers.ensure({ ...layer, open }, signal);
    const size = await unpacked.catch(async (error) => {
      // The download's failure is the cause of the other one, and it may have begun anew meanwhile.
      await kept;
      signal.throwIfAborted();
      if (!/is downloaded anew/.test(messages(error))) throw error;
      return await deps.layers.ensure({ ...layer, open }, signal);
    });
    await kept;
    return size;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function messages(error: unknown): string {
  let text = '';
  for (let e = error; e instanceof Error; e = e.cause) text += `${e.message}\n`;
  return text;
}

function watcher(layer: Layer, say: (line: Progress) => void): Watcher {
  const id = idOf(layer);
  let said = -STEP;
  return {
    waiting: () => say(layerStatus('Waiting', id)),
    downloading: (current, total) => {
      if (current - said < STEP && current < total) return;
      said = current;
      say(layerProgress('Downloading', id, current, total));
    },
    verifying: () => say(layerStatus('Verifying Checksum', id)),
    retrying: (seconds) => say(layerStatus(`Retrying in ${seconds} second${seconds === 1 ? '' : 's'}`, id)),
  };
}

/** Resolves when the download will end soon, as far as its pace tells. */
async function nearEnd(transfer: Transfer): Promise<void> {
  const over = transfer.done.then(
    () => {},
    () => {},
  );
  let isOver = false;
  void over.then(() => (isOver = true));
  while (transfer.current === 0 && !isOver) await Promise.race([transfer.grown(), over]);
  for (let time = PACE_MS.first; !isOver; time = Math.min(2 * time, PACE_MS.last)) {
    const [began, from] = [performance.now(), transfer.current];
    await Promise.race([delay(time), over]);
    const pace = (transfer.current - from) / (performance.now() - began);
    if ((transfer.size - transfer.current) / pace < NEAR_MS) return;
  }
}

/** A download that is over; lines about how much of it was unpacked. */
function extractingFile(path: string, layer: Layer, say: (line: Progress) => void): LayerFile {
  const { size } = layer.descriptor;
  return { path, onRead: inSteps(size, (current) => say(layerProgress('Extracting', idOf(layer), current, size))) };
}

/** The bytes of a download; lines about how many were unpacked follow those about the download. */
function extracting(transfer: Transfer, layer: Layer, say: (line: Progress) => void): Readable {
  const id = idOf(layer);
  async function* count(): AsyncGenerator<Buffer> {
    let current = 0;
    let said = 0;
    for await (const chunk of transfer.follow()) {
      yield chunk;
      current += chunk.length;
      if (transfer.current < transfer.size || transfer.isOpen || (current - said < STEP && current < transfer.size))
        continue;
      said = current;
      say(layerProgress('Extracting', id, current, transfer.size));
    }
    if (said < transfer.size) say(layerProgress('Extracting', id, transfer.size, transfer.size));
  }
  return Readable.from(count(), { objectMode: false });
}

import { delay } from '#async';
import { isTransient } from '#distribution';
import type { Descriptor, Digest, Manifest } from '#oci';
import { canonicalName, decodeManifest, digestIn, IMAGE_LIMITS, parseReference, shortId } from '#oci';
import { layerProgress, layerStatus } from '../progress.ts';
import type { Sending } from './manifests.ts';
import type { Pushing } from './push.ts';
import { uploadBlob } from './upload.ts';

/** A line of progress for so many bytes. */
const STEP = 512 * 1024;
/** Images that are looked through for repositories to mount from. */
const MOUNT_IMAGES = 64;
const MOUNTS = 3;

interface Layer {
  readonly descriptor: Descriptor;
  /** What Docker shows of it. */
  readonly id: string;
}

/** Brings all layers of a manifest into the repository, side by side, the top one first. A failure stops the others. */
export async function pushLayers(pushing: Pushing, sending: Sending, manifest: Manifest): Promise<void> {
  const isOwn = manifest.config.digest === sending.image.id;
  const layers = distinct(
    manifest.layers.map((descriptor, i): Layer => {
      return { descriptor, id: shortId((isOwn && sending.image.config.diffIds[i]) || descriptor.digest) };
    }),
  ).reverse();
  for (const { id } of layers) pushing.say(layerStatus('Preparing', id));
  const sources = await mountSources(pushing, sending);
  const abort = new AbortController();
  const own: Pushing = { ...pushing, signal: AbortSignal.any([pushing.signal, abort.signal]) };
  const work = layers.map(async (layer) => {
    try {
      await pushLayer(own, sending, layer, sources);
    } catch (error) {
      abort.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(work);
  if (abort.signal.aborted) throw abort.signal.reason;
}

function distinct(layers: readonly Layer[]): Layer[] {
  return [...new Map(layers.map((layer) => [layer.descriptor.digest, layer])).values()];
}

async function pushLayer(
  pushing: Pushing,
  sending: Sending,
  { descriptor, id }: Layer,
  sources: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const { deps, say, signal } = pushing;
  const waiting = setImmediate(() => say(layerStatus('Waiting', id)));
  using _place = await deps.uploads.acquire(signal);
  clearImmediate(waiting);
  // Docker: what lies elsewhere is not pushed.
  if ((descriptor as { urls?: readonly string[] }).urls?.length) return say(layerStatus('Skipped foreign layer', id));
  const digest = digestIn(descriptor);
  let said = -STEP;
  const onBytes = (current: number) => {
    if (current - said < STEP && current < descriptor.size) return;
    said = current;
    say(layerProgress('Pushing', id, current, descriptor.size));
  };
  const upload = { ...pushing, content: deps.content, remote: sending.remote };
  const attempts = deps.registries.settings.attempts;
  for (let attempt = 1; ; attempt++) {
    try {
      const how = await uploadBlob(upload, digest, {
        mounts: sources.get(digest) ?? [],
        onBytes,
        isAgain: attempt > 1,
      });
      return say(layerStatus(how.from === undefined ? WORDS[how.kind] : `${WORDS[how.kind]} ${how.from}`, id));
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= attempts || !isTransient(error)) throw error;
      for (let left = 5 * attempt; left > 0; left--) {
        say(layerStatus(`Retrying in ${left} second${left === 1 ? '' : 's'}`, id));
        await delay(1000, { signal });
      }
      said = -STEP;
    }
  }
}

const WORDS = { pushed: 'Pushed', exists: 'Layer already exists', mounted: 'Mounted from' } as const;

/** Repositories of the same registry that are known to have a blob, by its digest. */
async function mountSources({ deps, reference }: Pushing, { lease }: Sending): Promise<Map<Digest, string[]>> {
  const { content, rows } = deps;
  const found = new Map<Digest, string[]>();
  const target = canonicalName(reference);
  for (const image of rows.all().slice(0, MOUNT_IMAGES)) {
    const paths = image.repoDigests
      .map(parseReference)
      .filter((one) => one.domain === reference.domain && canonicalName(one) !== target)
      .map(({ path }) => path);
    if (paths.length === 0 || !content.has(image.manifest)) continue;
    lease.hold(image.manifest);
    const { layers } = decodeManifest(await content.read(image.manifest, IMAGE_LIMITS.manifestBytes));
    for (const layer of layers) {
      const digest = digestIn(layer);
      found.set(digest, [...new Set([...(found.get(digest) ?? []), ...paths])].slice(0, MOUNTS));
    }
  }
  return found;
}

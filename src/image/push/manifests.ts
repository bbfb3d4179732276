import type { Lease } from '#content';
import type { Remote } from '#distribution';
import { internal } from '#errdefs';
import type { Descriptor, Digest, Manifest } from '#oci';
import { decodeIndex, decodeManifest, digestIn, IMAGE_LIMITS, isIndexType, MEDIA, parseReference } from '#oci';
import type { ImageRecord } from '../record.ts';
import { pushLayers } from './layers.ts';
import { packLayers } from './pack.ts';
import type { Pushing } from './push.ts';
import { uploadBlob } from './upload.ts';

/** An image on its way to a repository. */
export interface Sending {
  readonly remote: Remote;
  readonly image: ImageRecord;
  readonly lease: Lease;
}

/** What the tag means there, and what the image is from now on. */
export interface Pushed {
  readonly target: Descriptor;
  readonly source: { readonly target: Descriptor; readonly manifest: Digest };
}

/**
 * Sends layers, then config, then manifests, the tagged one last. Documents are sent as they are kept, so digests
 * survive; an image that no registry knows yet gets its layers packed and a manifest that says so.
 */
export async function pushManifests(pushing: Pushing, sending: Sending): Promise<Pushed> {
  const { deps, reference, platform, signal } = pushing;
  const { image, remote, lease } = sending;
  const { content } = deps;
  for (const digest of await content.reach(image.target)) lease.hold(digest);
  lease.hold(image.manifest);
  const packed = isKnown(image) ? undefined : await packLayers(pushing, sending);
  const manifest = packed ?? image.manifest;
  await sendImage(pushing, sending, manifest);
  const own = await describe(pushing, manifest);
  const isIndex = !packed && !platform && image.target.digest !== manifest;
  if (isIndex && (await sendIndex(pushing, sending, image.target))) {
    await put(pushing, remote, image.target, reference.tag!);
    return { target: image.target, source: image };
  }
  signal.throwIfAborted();
  await put(pushing, remote, own, reference.tag!);
  return { target: own, source: packed ? { target: own, manifest } : image };
}

/** Whether some registry gave or got the image as it is: then it is not packed anew. */
function isKnown({ repoDigests, target, manifest }: ImageRecord): boolean {
  return repoDigests
    .map((name) => parseReference(name).digest)
    .some((one) => one === target.digest || one === manifest);
}

async function sendImage(pushing: Pushing, sending: Sending, digest: Digest): Promise<void> {
  const manifest = await readManifest(pushing, digest);
  await pushLayers(pushing, sending, manifest);
  const { remote } = sending;
  await uploadBlob({ ...pushing, content: pushing.deps.content, remote }, digestIn(manifest.config), { mounts: [] });
}

/**
 * Sends what an index leads to, and says whether the repository has all of it then: an index that names what is nowhere
 * cannot be pushed.
 */
async function sendIndex(pushing: Pushing, sending: Sending, index: Descriptor, depth = 0): Promise<boolean> {
  const { content } = pushing.deps;
  const { remote, image } = sending;
  if (depth > 4) return false;
  const { manifests } = decodeIndex(await content.read(digestIn(index), IMAGE_LIMITS.manifestBytes));
  for (const one of manifests) {
    const digest = digestIn(one);
    if (await hasManifest(pushing, remote, digest)) continue;
    if (!content.has(digest)) return false;
    if (isIndexType(one.mediaType)) {
      if (!(await sendIndex(pushing, sending, one, depth + 1))) return false;
    } else if (digest !== image.manifest) {
      const { config, layers } = await readManifest(pushing, digest);
      if (![config, ...layers].every((blob) => content.has(digestIn(blob)))) return false;
      await sendImage(pushing, sending, digest);
    }
    await put(pushing, remote, one, digest);
  }
  return true;
}

async function hasManifest({ signal }: Pushing, remote: Remote, digest: Digest): Promise<boolean> {
  const headers = { accept: Object.values(MEDIA).join(', ') };
  const answer = await remote.request({
    method: 'HEAD',
    at: `manifests/${digest}`,
    headers,
    accepts: [200, 404],
    signal,
  });
  answer.cancel();
  return answer.status === 200;
}

async function readManifest({ deps }: Pushing, digest: Digest): Promise<Manifest> {
  await deps.content.verify(digest);
  return decodeManifest(await deps.content.read(digest, IMAGE_LIMITS.manifestBytes));
}

async function describe(pushing: Pushing, digest: Digest): Promise<Descriptor> {
  const { mediaType } = await readManifest(pushing, digest);
  return { mediaType: mediaType || MEDIA.ociManifest, digest, size: await pushing.deps.content.size(digest) };
}

/** Sends a manifest or index; the registry must take it for the same. */
async function put({ deps, signal }: Pushing, remote: Remote, descriptor: Descriptor, name: string): Promise<void> {
  const digest = digestIn(descriptor);
  await deps.content.verify(digest);
  const body = await deps.content.read(digest, IMAGE_LIMITS.manifestBytes);
  const { answer } = await remote.read(
    {
      method: 'PUT',
      at: `manifests/${name}`,
      headers: { 'content-type': descriptor.mediaType, 'content-length': String(body.length) },
      body,
      accepts: [200, 201, 202],
      signal,
    },
    64 * 1024,
  );
  const told = answer.headers['docker-content-digest'];
  if (told !== undefined && told !== digest) {
    throw internal(`the registry took manifest ${digest} for ${String(told).slice(0, 100)}`);
  }
}

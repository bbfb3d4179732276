import type { Content, Lease } from '#content';
import type { Remote } from '#distribution';
import { internal, invalid, notImplemented } from '#errdefs';
import type { Descriptor, Digest, ImageConfig, Manifest, Platform, Reference } from '#oci';
import {
  decodeImageConfig,
  decodeIndex,
  decodeManifest,
  digestIn,
  digestOf,
  hostPlatform,
  IMAGE_LIMITS,
  isDigest,
  isIndexType,
  isManifestType,
  MEDIA,
  parseDigest,
} from '#oci';
import { chooseManifest } from './choose.ts';

/** What a pull reads, and where it keeps it. */
export interface Source {
  readonly remote: Remote;
  readonly content: Content;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** A remote image as its documents say, all of them verified and in the store. */
export interface RemoteImage {
  /** What the name means: an index or a manifest. */
  readonly target: Descriptor;
  readonly manifest: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly config: Digest;
  readonly document: Buffer;
  readonly decoded: ImageConfig;
}

const ACCEPT = [MEDIA.dockerManifest, MEDIA.dockerIndex, MEDIA.ociManifest, MEDIA.ociIndex];
const SCHEMA1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;
/** Docker: the config says what a manifest is of; anything else is no image. */
const CONFIGS: readonly string[] = [MEDIA.dockerConfig, MEDIA.ociConfig, 'application/octet-stream', ''];
const CLASSES: Readonly<Record<string, string>> = { 'application/vnd.docker.plugin.v1+json': 'plugin' };
const NEST_LIMIT = 4;

/** Asks which manifest or index a reference means; its bytes when they came along. */
export async function resolveRemote(
  { remote, signal }: Pick<Source, 'remote' | 'signal'>,
  reference: Reference,
): Promise<Descriptor> {
  const { tag, digest } = reference;
  if (digest !== undefined) return { mediaType: '', digest, size: -1 };
  const asked = { at: `manifests/${tag}`, headers: { accept: ACCEPT.join(', ') }, signal };
  const head = await remote.request({ ...asked, method: 'HEAD', accepts: ANY });
  head.cancel();
  const named = head.headers['docker-content-digest'];
  if (head.status === 200 && isDigest(named)) return { mediaType: typeOf(head.headers), digest: named, size: -1 };
  // What does not answer HEAD, or has more to say of a refusal.
  const { answer, bytes } = await remote.read({ ...asked, method: 'GET' }, IMAGE_LIMITS.manifestBytes);
  return { mediaType: typeOf(answer.headers), digest: digestOf(bytes), size: bytes.length };
}

const ANY = Array.from({ length: 500 }, (_, i) => 100 + i);

/** Reads an image's documents, each verified: of an index what fits the platform. */
export async function readRemoteImage(
  source: Source,
  resolved: Descriptor,
  options: { platform: Platform | undefined; name: string; begun: () => void },
): Promise<RemoteImage> {
  const top = await readManifest(source, resolved);
  refuseOld(top.mediaType, options.name);
  let inner = top;
  for (let depth = 0; isIndexType(inner.mediaType); depth++) {
    if (depth === 0) options.begun();
    if (depth >= NEST_LIMIT) throw invalid(`indexes are nested more than ${NEST_LIMIT} deep`);
    const { manifests } = decodeIndex(inner.bytes);
    inner = await readManifest(source, chooseManifest(manifests, options.platform ?? hostPlatform()));
  }
  if (!isManifestType(inner.mediaType))
    throw invalid(`unsupported manifest media type ${JSON.stringify(inner.mediaType)}`);
  const manifest = decodeManifest(inner.bytes);
  if (inner === top) options.begun();
  checkClass(manifest);
  const { document, decoded } = await readConfig(source, manifest);
  return {
    target: describe(top),
    manifest: describe(inner),
    layers: manifest.layers,
    config: digestIn(manifest.config),
    document,
    decoded,
  };
}

export interface Fetched {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
}

const describe = ({ mediaType, digest, bytes }: Fetched): Descriptor => ({ mediaType, digest, size: bytes.length });

/** A manifest or index by its digest: from the store when it is there and whole, else from the registry. */
async function readManifest(source: Source, descriptor: Descriptor): Promise<Fetched> {
  const digest = digestIn(descriptor);
  const { content, lease, remote, signal } = source;
  lease.hold(digest);
  const here = await kept(source, digest, IMAGE_LIMITS.manifestBytes);
  if (here) return { digest, bytes: here, mediaType: checkedType(here, descriptor.mediaType) };
  const asked = { method: 'GET', at: `manifests/${digest}`, headers: { accept: ACCEPT.join(', ') }, signal } as const;
  const { answer, bytes } = await remote.read(asked, IMAGE_LIMITS.manifestBytes);
  if (digestOf(bytes) !== digest) throw internal(`manifest verification failed for digest ${digest}`);
  if (descriptor.size >= 0 && descriptor.size !== bytes.length) {
    throw invalid(`manifest ${digest} has ${bytes.length} bytes, its descriptor says ${descriptor.size}`);
  }
  const mediaType = checkedType(bytes, descriptor.mediaType || typeOf(answer.headers));
  await content.put(bytes, lease);
  return { digest, bytes, mediaType };
}

/** What a reference means, read and verified, not kept. */
export async function readTop(remote: Remote, reference: Reference, signal: AbortSignal): Promise<Fetched> {
  const headers = { accept: ACCEPT.join(', ') };
  const { digest } = await resolveRemote({ remote, signal }, reference);
  const at = `manifests/${digest}`;
  const { answer, bytes } = await remote.read({ method: 'GET', at, headers, signal }, IMAGE_LIMITS.manifestBytes);
  if (digestOf(bytes) !== digest) throw internal(`manifest verification failed for digest ${digest}`);
  return { digest: digestOf(bytes), bytes, mediaType: checkedType(bytes, typeOf(answer.headers)) };
}

/** A blob that is here and is what its name says; a damaged one is not. */
async function kept({ content }: Source, digest: Digest, limit: number): Promise<Buffer | undefined> {
  if (!content.has(digest)) return undefined;
  const bytes = await content.read(digest, limit);
  if (digestOf(bytes) === digest) return bytes;
  await content.forget(digest);
  return undefined;
}

/** A document says itself what it is; who sends it must not say otherwise. */
function checkedType(bytes: Buffer, told: string): string {
  const document = parse(bytes);
  if (!document) {
    const first = [...bytes.toString('utf8', 0, 64).trimStart()][0];
    const why =
      first === undefined
        ? 'unexpected end of JSON input'
        : `invalid character '${first}' looking for beginning of value`;
    throw internal(`error unmarshalling content: ${why}`);
  }
  const own = document.mediaType;
  if (typeof own !== 'string' || own === '') return told || guess(bytes);
  const isKnown = ACCEPT.includes(told as never);
  if (isKnown && own !== told) {
    throw invalid(`manifest is of type ${JSON.stringify(own)} but was served as ${JSON.stringify(told)}`);
  }
  return own;
}

function guess(bytes: Buffer): string {
  return parse(bytes)?.manifests === undefined ? MEDIA.ociManifest : MEDIA.ociIndex;
}

function parse(bytes: Buffer): { mediaType?: unknown; manifests?: unknown } | undefined {
  try {
    const value = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function typeOf(headers: { readonly 'content-type'?: string | undefined }): string {
  return (headers['content-type'] ?? '').split(';')[0]!.trim();
}

function refuseOld(mediaType: string, name: string): void {
  if (!SCHEMA1.test(mediaType)) return;
  throw notImplemented(
    `Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the author of ${name} to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. More information at https://docs.docker.com/go/deprecated-image-specs/`,
  );
}

/** Docker's words. */
function checkClass({ config }: Manifest): void {
  const { mediaType } = config;
  if (CONFIGS.includes(mediaType)) return;
  if (CLASSES[mediaType] === undefined) throw invalid(`unsupported media type ${mediaType}`);
  throw invalid(`Encountered remote ${JSON.stringify(mediaType)}(${CLASSES[mediaType]}) when fetching`);
}

async function readConfig(source: Source, manifest: Manifest): Promise<{ document: Buffer; decoded: ImageConfig }> {
  const { remote, content, lease, signal } = source;
  const digest = parseDigest(manifest.config.digest);
  lease.hold(digest);
  let document = await kept(source, digest, IMAGE_LIMITS.configBytes);
  if (!document) {
    const { bytes } = await remote.read({ method: 'GET', at: `blobs/${digest}`, signal }, IMAGE_LIMITS.configBytes);
    if (digestOf(bytes) !== digest)
      throw internal(`error pulling image configuration: image config verification failed for digest ${digest}`);
    document = bytes;
    await content.put(bytes, lease);
  }
  const decoded = decodeImageConfig(document);
  if (decoded.os !== '' && decoded.os !== 'linux')
    throw invalid(`image operating system ${JSON.stringify(decoded.os)} cannot be used on this platform`);
  if (decoded.diffIds.length !== manifest.layers.length)
    throw invalid("layers from manifest don't match image configuration");
  return { document, decoded };
}

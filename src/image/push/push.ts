import type { Progress } from '#api';
import type { Semaphore } from '#async';
import type { Credentials, Registries, Remote } from '#distribution';
import { decodeAuthHeader } from '#distribution';
import { internal, invalid, isKind, notFound } from '#errdefs';
import type { Descriptor, Digest, Platform, Reference } from '#oci';
import { canonicalName, canonicalString, familiarName, familiarString, parseReference } from '#oci';
import { failpoint } from '#sys';
import type { ImageDeps } from '../deps.ts';
import { assertPlatform } from '../platform.ts';
import { ProgressQueue } from '../progress.ts';
import { publishIndex } from '../publish.ts';
import type { ImageRecord } from '../record.ts';
import { undoing } from '../undo.ts';
import { pushManifests } from './manifests.ts';

export interface PushOptions {
  /** Images of another one are refused, and of an index only its manifest for this one is pushed. */
  readonly platform?: Platform;
  readonly credentials?: Credentials;
  /** In place of them: the `X-Registry-Auth` header. */
  readonly auth?: string | undefined;
  readonly signal?: AbortSignal;
}

/** What pushing needs beyond what every verb does. */
export interface PushDeps extends ImageDeps {
  readonly registries: Registries;
  /** Layers of the whole engine that are sent at a time. */
  readonly uploads: Semaphore;
}

/** One push under way. */
export interface Pushing {
  readonly deps: PushDeps;
  readonly reference: Reference;
  readonly platform: Platform | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: Progress) => void;
}

/**
 * Pushes what a name with a tag means, or all tags of a repository. Lines as dockerd's; what is wrong with the call is
 * thrown before the first of them.
 */
export async function* pushImage(
  deps: PushDeps,
  reference: Reference,
  { platform, auth, credentials = decodeAuthHeader(auth), signal }: PushOptions,
): AsyncGenerator<Progress> {
  assertFits(deps, reference, platform);
  yield { status: `The push refers to repository [${canonicalName(reference)}]` };
  const queue = new ProgressQueue();
  const abort = new AbortController();
  const pushing: Pushing = {
    deps,
    reference,
    platform,
    signal: signal ? AbortSignal.any([signal, abort.signal]) : abort.signal,
    say: (line) => queue.push(line),
  };
  try {
    yield* queue.during(undoing(deps, push(pushing, credentials)));
  } finally {
    abort.abort(new Error('context canceled'));
  }
}

/** The target of a push: a name that may have a tag, and a separate tag, which wins. Docker's messages. */
export function pushTarget(name: string, tag: string): Reference {
  const reference = parseReference(name);
  if (tag === '') return reference;
  try {
    return parseReference(`${canonicalName(reference)}:${tag}`);
  } catch (error) {
    throw isKind(error, 'invalid-argument') ? invalid('invalid tag format', error) : error;
  }
}

function assertFits({ rows }: ImageDeps, reference: Reference, platform: Platform | undefined): void {
  const id = reference.tag === undefined ? undefined : rows.idOf(canonicalString(reference));
  const image = id && rows.get(id);
  if (image) assertPlatform(image, familiarString(reference), platform);
}

async function push(pushing: Pushing, credentials: Credentials): Promise<void> {
  const { deps, reference, signal } = pushing;
  if (reference.digest !== undefined) throw internal('cannot push a digest reference');
  const known = deps.rows.namesOf(canonicalName(reference));
  // Docker's words for a repository without any name here.
  if (known.length === 0) {
    throw notFound(`An image does not exist locally with the tag: ${familiarName(reference)}`);
  }
  const access = { actions: ['pull', 'push'], credentials, signal } as const;
  await deps.registries.use(reference, access, (remote) => pushTo(pushing, remote));
  const ID = familiarString(reference);
  const labels = (reference.tag && imageOf(deps, reference)?.config.config.Labels) || {};
  const Attributes = { ...labels, name: familiarName(reference) };
  deps.store.tx(() => deps.events.record('image', 'push', { ID, Attributes }));
  failpoint('image.push.told');
}

async function pushTo(pushing: Pushing, remote: Remote): Promise<void> {
  const { deps, reference } = pushing;
  if (reference.tag !== undefined) return await pushOne(pushing, remote);
  const tags = deps.rows.tagsOf(canonicalName(reference)).map(({ name }) => parseReference(name));
  if (tags.length === 0) throw notFound(`no tags to push for ${familiarName(reference)}`);
  for (const tagged of tags) await pushOne({ ...pushing, reference: tagged }, remote);
}

function imageOf({ rows }: ImageDeps, reference: Reference): ImageRecord | undefined {
  const id = rows.idOf(canonicalString(reference));
  const image = id && rows.get(id);
  return image && !image.hidden ? image : undefined;
}

async function pushOne(pushing: Pushing, remote: Remote): Promise<void> {
  const { deps, reference, say } = pushing;
  const image = imageOf(deps, reference);
  if (!image) throw notFound(`tag does not exist: ${familiarString(reference)}`);
  using lease = deps.content.lease();
  const pushed = await pushManifests(pushing, { remote, image, lease });
  await deps.content.sync();
  failpoint('image.push.synced');
  await commit(deps, reference, { image, ...pushed });
  const { digest, size } = pushed.target;
  say({ status: `${reference.tag}: digest: ${digest} size: ${size}` });
  say({ progressDetail: {}, aux: { Tag: reference.tag, Digest: digest, Size: size } });
}

/** The image has the digest that the registry knows it by, and is from now on what was pushed. */
async function commit(
  deps: PushDeps,
  reference: Reference,
  {
    image,
    target,
    source,
  }: { image: ImageRecord; target: Descriptor; source: { target: Descriptor; manifest: Digest } },
): Promise<void> {
  deps.store.tx(() => {
    if (!deps.rows.get(image.id)) return;
    deps.rows.setSource({ id: image.id, ...source });
    deps.rows.setName(`${canonicalName(reference)}@${target.digest}`, image.id);
  });
  failpoint('image.push.committed');
  publishIndex(deps);
  await deps.store.durable();
  failpoint('image.push.durable');
}

import type { Lease } from '#content';
import type { Remote } from '#distribution';
import { internal } from '#errdefs';
import type { Digest } from '#oci';
import { canonicalName, digestOf, familiarName, IMAGE_LIMITS, MEDIA, parseReference } from '#oci';
import { failpoint } from '#sys';
import type { ImageRecord } from '../record.ts';
import type { Checking } from './fsck.ts';

/** A blob that an image cannot do without. */
export interface Needed {
  readonly image: ImageRecord;
  readonly digest: Digest;
  readonly kind: 'config' | 'manifest' | 'layer';
  /** Bytes of a layer, when a manifest says so. */
  readonly size?: number;
}

const LAYER_LIMIT = 64 * 2 ** 30;

/** Brings a blob back that is damaged or missing; how. What could not be brought back is an error that says what to do. */
export async function repairBlob(checking: Checking, needed: Needed): Promise<string> {
  const { deps } = checking;
  using lease = deps.content.lease();
  lease.hold(needed.digest);
  const document = needed.kind === 'config' ? deps.rows.document(needed.image.id) : undefined;
  if (document && digestOf(document) === needed.digest) {
    await deps.content.forget(needed.digest);
    await deps.content.put(document, lease);
    failpoint('image.fsck.derived');
    return 'written again from the database';
  }
  return await fetchAgain(checking, needed, lease);
}

async function fetchAgain(checking: Checking, needed: Needed, lease: Lease): Promise<string> {
  const { deps, signal } = checking;
  const repositories = new Map(
    needed.image.repoDigests.map(parseReference).map((reference) => [canonicalName(reference), reference]),
  );
  let failure: unknown;
  for (const reference of repositories.values()) {
    try {
      const credentials = checking.credentials(reference.domain);
      const access = { actions: ['pull'], credentials, signal } as const;
      await deps.registries.use(reference, access, (remote) => fetchFrom(checking, needed, { remote, lease }));
      return `fetched again from ${familiarName(reference)}`;
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw internal(
    failure === undefined
      ? 'no registry is known to have it: load or pull the image again'
      : `${(failure as Error).message}: load or pull the image again`,
  );
}

async function fetchFrom(
  { deps, signal }: Checking,
  { digest, kind, size }: Needed,
  { remote, lease }: { remote: Remote; lease: Lease },
): Promise<void> {
  const isDocument = kind === 'manifest';
  const headers: Record<string, string> = isDocument ? { accept: Object.values(MEDIA).join(', ') } : {};
  const at = `${isDocument ? 'manifests' : 'blobs'}/${digest}`;
  const answer = await remote.request({ method: 'GET', at, headers, signal });
  const limit = isDocument ? IMAGE_LIMITS.manifestBytes : (size ?? LAYER_LIMIT);
  const received = await deps.content.receive(answer.body(), { limit, signal });
  try {
    if (received.digest !== digest) throw internal(`the registry has something else under ${digest}`);
    await deps.content.forget(digest);
    await deps.content.keep(received, lease);
    await deps.content.sync();
    failpoint('image.fsck.fetched');
  } finally {
    await received.drop();
  }
}

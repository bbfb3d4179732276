import type { Progress } from '#api';
import type { Credentials, Registries, Remote } from '#distribution';
import { decodeAuthHeader } from '#distribution';
import { EngineError, invalid } from '#errdefs';
import type { Digest, Platform, Reference } from '#oci';
import {
  canonicalName,
  canonicalString,
  chainIds,
  familiarName,
  familiarString,
  formatPlatform,
  isDigest,
  isIndexType,
  normalisePlatform,
  parsePlatform,
  platformMatches,
} from '#oci';
import { failpoint } from '#sys';
import { nowText } from '../clock.ts';
import type { ImageDeps } from '../deps.ts';
import { ProgressQueue } from '../progress.ts';
import { publishIndex } from '../publish.ts';
import type { NewImage } from '../record.ts';
import { undoing } from '../undo.ts';
import type { RemoteImage } from './documents.ts';
import { readRemoteImage, resolveRemote } from './documents.ts';
import { pullLayers } from './layers.ts';
import { pullFailure } from './refusals.ts';
import { listTags } from './tags.ts';
import type { Transfers } from './transfer.ts';

export interface PullOptions {
  /** `os/arch[/variant]`; '' and absent: this machine's. */
  readonly platform?: string;
  readonly credentials?: Credentials;
  /** In place of them: the `X-Registry-Auth` header. */
  readonly auth?: string | undefined;
  readonly signal?: AbortSignal;
  /** Hears which image came; names that others have stay with them. */
  readonly asBase?: (id: Digest) => void;
}

/** What pulling needs beyond what every verb does. */
export interface PullDeps extends ImageDeps {
  readonly registries: Registries;
  readonly transfers: Transfers;
}

interface Asked {
  readonly reference: Reference;
  readonly platform: Platform | undefined;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
  readonly say: (line: Progress) => void;
  readonly asBase: PullOptions['asBase'];
}

/**
 * Pulls what a reference names: one image, or with neither tag nor digest all of a repository. Lines as dockerd's; what
 * fails before the first is thrown as it is, what fails later too. Nothing is listed before all of it is on the disk.
 */
export async function* pullImage(
  deps: PullDeps,
  reference: Reference,
  { platform, auth, credentials = decodeAuthHeader(auth), signal, asBase }: PullOptions,
): AsyncGenerator<Progress> {
  const wanted = platform ? parsePlatform(platform) : undefined;
  const queue = new ProgressQueue();
  const abort = new AbortController();
  const asked: Asked = {
    reference,
    platform: wanted,
    credentials,
    signal: signal ? AbortSignal.any([signal, abort.signal]) : abort.signal,
    say: (line) => queue.push(line),
    asBase,
  };
  try {
    yield* yield* queue.during(undoing(deps, pull(deps, asked), { shelve: true }));
  } finally {
    abort.abort(new Error('context canceled'));
  }
}

async function pull(deps: PullDeps, asked: Asked): Promise<Progress[]> {
  const { reference, credentials, signal } = asked;
  const onWait = (seconds: number) => asked.say({ status: `The registry is busy: retrying in ${seconds} s` });
  const access = { actions: ['pull'], credentials, signal, onWait } as const;
  try {
    const { isNewer, warnings } = await deps.registries.use(reference, access, (remote) =>
      pullFrom(deps, asked, remote),
    );
    tellPull(deps, asked.reference);
    const name = familiarString(reference);
    const status = `Status: ${isNewer ? 'Downloaded newer image' : 'Image is up to date'} for ${name}`;
    return [status, ...warnings].map((line) => ({ status: line }));
  } catch (error) {
    throw pullFailure(error, reference);
  }
}

/** What came of pulling one name or several. */
interface Pulled {
  /** Whether a name means another image than before. */
  readonly isNewer: boolean;
  readonly warnings: readonly string[];
}

async function pullFrom(deps: PullDeps, asked: Asked, remote: Remote): Promise<Pulled> {
  const { reference } = asked;
  if (reference.tag !== undefined || reference.digest !== undefined) return await pullOne(deps, asked, remote);
  const all: Pulled[] = [];
  for (const tag of await listTags(remote, asked.signal)) {
    all.push(await pullOne(deps, { ...asked, reference: { ...reference, tag } }, remote));
  }
  return { isNewer: all.some(({ isNewer }) => isNewer), warnings: all.flatMap(({ warnings }) => warnings) };
}

async function pullOne(deps: PullDeps, asked: Asked, remote: Remote): Promise<Pulled> {
  const { reference, platform, say, signal } = asked;
  const { content } = deps;
  using lease = content.lease();
  const source = { remote, content, lease, signal };
  const resolved = await resolveRemote(source, reference);
  const id = reference.digest === undefined ? reference.tag! : canonicalString(reference);
  const begun = () => say({ status: `Pulling from ${nameAt(reference)}`, id });
  const image = await readRemoteImage(source, resolved, { platform, name: canonicalString(reference), begun });
  const chain = chainIds(image.decoded.diffIds);
  await using _layers = deps.layers.hold(chain);
  failpoint('image.pull.documents');
  const sizes = await pullLayers({ deps, transfers: deps.transfers, source, say }, image);
  await content.sync();
  failpoint('image.pull.synced');
  signal.throwIfAborted();
  const isNewer = await commit(deps, asked, image, sizes);
  asked.asBase?.(image.config);
  say({ status: `Digest: ${image.target.digest}` });
  const isOther = platform !== undefined && !platformMatches(platform, image.decoded);
  return { isNewer, warnings: isOther ? [mismatch(asked, image, platform)] : [] };
}

/** Docker shows a repository as its registry knows it. */
const nameAt = ({ path }: Reference): string => path;

function mismatch({ reference }: Asked, { decoded }: RemoteImage, platform: Platform): string {
  const found = formatPlatform(normalisePlatform(decoded));
  const wanted = formatPlatform(normalisePlatform(platform));
  return `WARNING: image with reference ${familiarString(reference)} was found but its platform (${found}) does not match the specified platform (${wanted})`;
}

/** Records the image and its names in one transaction: the moment it exists. */
async function commit(
  deps: PullDeps,
  { reference, asBase }: Asked,
  image: RemoteImage,
  sizes: number[],
): Promise<boolean> {
  const { store, rows } = deps;
  const chain = chainIds(image.decoded.diffIds);
  const made: NewImage = {
    id: image.config,
    target: image.target,
    manifest: image.manifest.digest as Digest,
    document: image.document,
    layers: chain.map((chainId, i) => ({ chainId, diffId: image.decoded.diffIds[i]!, size: sizes[i]! })),
  };
  const byDigest = `${canonicalName(reference)}@${image.target.digest}`;
  const byTag = reference.digest === undefined ? canonicalString(reference) : undefined;
  const isNewer = store.tx(() => {
    const known = rows.get(made.id);
    rows.insert(made);
    // An index that was pulled before leads to more than this manifest.
    const keepsIndex = known && isIndexType(known.target.mediaType) && !isIndexType(made.target.mediaType);
    rows.setSource(keepsIndex ? { ...made, target: known.target } : made);
    const before = rows.idOf(byTag ?? byDigest);
    const isFree = (name: string) => !asBase || rows.idOf(name) === undefined;
    if (isFree(byDigest)) rows.setName(byDigest, made.id);
    if (byTag !== undefined && isFree(byTag)) rows.setName(byTag, made.id);
    if (byTag !== undefined && !asBase && before !== made.id) rows.setLastTagged(made.id, nowText());
    return before !== made.id;
  });
  failpoint('image.pull.committed');
  publishIndex(deps);
  await store.durable();
  failpoint('image.pull.durable');
  return isNewer;
}

/** Docker: the event is of the name, not of the image. */
function tellPull({ store, rows, events }: PullDeps, reference: Reference): void {
  const image = rows.idOf(canonicalString(reference));
  const labels = (image && rows.get(image)?.config.config.Labels) ?? {};
  const ID = familiarString(reference);
  store.tx(() => events.record('image', 'pull', { ID, Attributes: { ...labels, name: familiarName(reference) } }));
  failpoint('image.pull.told');
}

/** A name and a separate tag or digest, as the API takes them. Docker's messages. */
export function pullTarget(name: string, tag: string, parse: (text: string) => Reference): Reference {
  // `docker pull -a` of old ended the name so.
  const reference = parse(name.replace(/:$/, ''));
  if (reference.domain === 'docker.io' && familiarName(reference) === 'scratch') {
    throw new EngineError('forbidden', "'scratch' is a reserved name");
  }
  if (tag === '') return reference;
  const { domain, path } = reference;
  if (isDigest(tag)) return { domain, path, digest: tag };
  if (!/^\w[\w.-]{0,127}$/.test(tag)) throw invalid('invalid tag format');
  return { domain, path, tag };
}

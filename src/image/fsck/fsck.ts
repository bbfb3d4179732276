import type { FsckProblem, FsckReport, Progress } from '#api';
import type { Credentials, Registries } from '#distribution';
import { credentialsByHost } from '#distribution';
import type { Digest, Manifest } from '#oci';
import { decodeManifest, digestIn, digestOf, IMAGE_LIMITS, isIndexType } from '#oci';
import type { ImageDeps } from '../deps.ts';
import { ProgressQueue } from '../progress.ts';
import type { ImageRecord } from '../record.ts';
import { checkSnapshots } from './check-snapshots.ts';
import type { Needed } from './repair.ts';
import { repairBlob } from './repair.ts';

export interface FsckOptions {
  /** Only tell. */
  readonly dryRun?: boolean;
  /** Compares each unpacked layer with its archive, file by file: sizes alone when absent. */
  readonly deep?: boolean;
  /** `X-Registry-Config`: who to be at the registries that are asked for what is damaged. */
  readonly registryConfig?: string | undefined;
  /** `X-Registry-Auth`: the same for the one registry that it names. */
  readonly auth?: string | undefined;
  readonly signal?: AbortSignal;
}

export interface FsckDeps extends ImageDeps {
  readonly registries: Registries;
}

/** One check under way. */
export interface Checking {
  readonly deps: FsckDeps;
  readonly repairs: boolean;
  readonly isDeep: boolean;
  /** Blobs that were found whole, or are again. */
  readonly whole: Set<Digest>;
  /** Who to be at a registry. */
  readonly credentials: (host: string) => Credentials;
  readonly signal: AbortSignal;
  readonly report: FsckReport;
  /** Notes a problem and tells it. */
  found(problem: FsckProblem): void;
}

/**
 * Reads every blob that an image needs and looks at every unpacked layer; what is damaged or missing is derived or
 * fetched again. A line for each problem, the report as the last message.
 */
export async function* checkImages(deps: FsckDeps, options: FsckOptions): AsyncGenerator<Progress> {
  const queue = new ProgressQueue();
  const abort = new AbortController();
  const report: FsckReport = { Blobs: 0, Snapshots: 0, Problems: [] };
  const checking: Checking = {
    deps,
    repairs: !options.dryRun,
    isDeep: options.deep ?? false,
    whole: new Set(),
    credentials: credentialsByHost(options),
    signal: options.signal ? AbortSignal.any([options.signal, abort.signal]) : abort.signal,
    report,
    found: (problem) => {
      report.Problems.push(problem);
      queue.push({ stream: `${lineOf(problem)}\n` });
    },
  };
  try {
    yield* queue.during(check(checking));
    yield { aux: report };
  } finally {
    abort.abort(new Error('context canceled'));
  }
}

function lineOf(problem: FsckProblem): string {
  const { Kind, Digest, What, Images, Paths, Repair } = problem;
  const where = Paths ? ` at ${Paths.map((path) => JSON.stringify(path)).join(', ')}` : '';
  const not = problem.Error === '' ? 'not repaired' : `not repaired: ${problem.Error}`;
  return `${Kind} ${Digest} (${Images.join(', ')}) is ${What}${where}: ${Repair || not}`;
}

async function check(checking: Checking): Promise<void> {
  const { deps, signal } = checking;
  const checked = new Set<Digest>();
  const trees = new Set<Digest>();
  for (const image of deps.rows.all()) {
    signal.throwIfAborted();
    // Documents first: they say what else there is to check.
    await checkBlob(checking, checked, { image, digest: image.id, kind: 'config' });
    if (image.target.digest !== image.manifest) {
      await checkBlob(checking, checked, { image, digest: digestIn(image.target), kind: 'manifest' });
    }
    await checkBlob(checking, checked, { image, digest: image.manifest, kind: 'manifest' });
    const manifest = await manifestOf(deps, image);
    for (const layer of manifest?.layers ?? []) {
      await checkBlob(checking, checked, { image, digest: digestIn(layer), kind: 'layer', size: layer.size });
    }
    await checkOthers(checking, checked, image);
    await checkSnapshots(checking, trees, { image, manifest });
  }
}

async function manifestOf({ content }: FsckDeps, { manifest }: ImageRecord): Promise<Manifest | undefined> {
  if (!content.has(manifest)) return undefined;
  const bytes = await content.read(manifest, IMAGE_LIMITS.manifestBytes);
  // What is damaged may still be JSON.
  return digestOf(bytes) === manifest ? decodeManifest(bytes) : undefined;
}

/** What an index leads to beyond its image: whole where it is here. */
async function checkOthers(checking: Checking, checked: Set<Digest>, image: ImageRecord): Promise<void> {
  const { content } = checking.deps;
  if (!isIndexType(image.target.mediaType) || !content.has(digestIn(image.target))) return;
  for (const digest of await content.reach(image.target)) {
    if (content.has(digest)) await checkBlob(checking, checked, { image, digest, kind: 'layer' });
  }
}

async function checkBlob(checking: Checking, checked: Set<Digest>, needed: Needed): Promise<void> {
  const { deps, signal, report, repairs, whole } = checking;
  const { digest, image } = needed;
  if (checked.has(digest)) return;
  checked.add(digest);
  report.Blobs++;
  const state = await deps.content.check(digest, signal);
  if (state === 'whole') return void whole.add(digest);
  const problem = { Kind: 'blob' as const, Digest: digest, What: state, Images: namesOf(image) };
  try {
    const Repair = repairs ? await repairBlob(checking, needed) : '';
    if (repairs) whole.add(digest);
    checking.found({ ...problem, Repair, Error: '' });
  } catch (error) {
    signal.throwIfAborted();
    checking.found({ ...problem, Repair: '', Error: (error as Error).message });
  }
}

/** How a user knows an image. */
export function namesOf({ id, repoTags, repoDigests }: ImageRecord): string[] {
  const names = repoTags.length > 0 ? repoTags : repoDigests;
  return names.length > 0 ? [...names] : [id];
}

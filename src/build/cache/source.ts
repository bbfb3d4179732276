import { invalid, notFound } from '#errdefs';
import type { Descriptor, Reference } from '#oci';
import {
  canonicalName,
  canonicalString,
  digestIn,
  digestOf,
  IMAGE_LIMITS,
  isDigest,
  parseReference,
  withDefaultTag,
} from '#oci';
import type { Build } from '../build.ts';
import type { Context } from '../context.ts';
import type { BlobStore } from '../inputs.ts';
import type { CacheEntry } from '../request.ts';

/** Where a cache lies. What it gives is verified where it is small; layers are verified by who takes them in. */
export interface CacheSource {
  /** The manifest or index that everything else is named by. */
  top(): Promise<Uint8Array>;
  document(descriptor: Descriptor, limit: number): Promise<Uint8Array>;
  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Buffer>;
}

export type Building = Pick<Build, 'inputs' | 'signal'> & { readonly stack: AsyncDisposableStack };

/** What a place of caches is called in progress: a reference, or a folder by a short name. */
export function nameOf({ type, attributes }: CacheEntry): string {
  if (type === 'registry') return attributes.get('ref') ?? '';
  return `${type}:${attributes.get('digest') ?? attributes.get('src') ?? ''}`;
}

/** Opens a place to import from. */
export async function openSource(context: Context, entry: CacheEntry, building: Building): Promise<CacheSource> {
  const { type, attributes } = entry;
  if (type === 'registry') return await openRegistry(context, attributes, building);
  if (type === 'local') return openLocal(attributes, building);
  throw invalid(`unknown cache importer: ${type}`);
}

/** The repository and tag that a cache is kept under. */
export function cacheReference(text: string | undefined): Reference {
  if (!text) throw invalid('missing ref');
  return withDefaultTag(parseReference(text));
}

/** The client's own credentials for the registry of a reference. */
export async function accessOf(reference: Reference, { inputs, signal }: Pick<Build, 'inputs' | 'signal'>) {
  const credentials = await inputs.auth(canonicalName(reference).split('/', 1)[0]!);
  return { signal, ...(credentials && { credentials }) };
}

async function openRegistry(
  context: Context,
  attributes: CacheEntry['attributes'],
  building: Building,
): Promise<CacheSource> {
  const { images, content } = context;
  const reference = cacheReference(attributes.get('ref'));
  // Docker: an image that is here is not asked for at its registry.
  const id = images.idOf(canonicalString(reference));
  const image = id && images.get(id);
  if (image && content.has(image.manifest)) {
    building.stack.use(images.keep(await images.layersOf(image)));
    const read = (descriptor: Descriptor, limit: number) => content.read(digestIn(descriptor), limit);
    return {
      top: () => content.read(image.manifest, IMAGE_LIMITS.manifestBytes),
      document: read,
      blob: (descriptor) => content.open(digestIn(descriptor)),
    };
  }
  if (attributes.get('pull') === 'never') throw notFound(`no such image: ${canonicalString(reference)}`);
  const { signal } = building;
  const repository = await images.openRepository(reference, await accessOf(reference, building));
  building.stack.use(repository);
  return {
    top: async () => (await repository.top(reference, signal)).bytes,
    document: (descriptor, limit) => repository.document(descriptor, limit, signal),
    blob: (descriptor, until) => repository.blob(descriptor, until),
  };
}

function openLocal(attributes: ReadonlyMap<string, string>, { inputs, signal }: Building): CacheSource {
  const digest = attributes.get('digest') ?? '';
  const folder = attributes.get('src') ?? '';
  if (digest === '') throw invalid('local cache importer requires explicit digest');
  if (!isDigest(digest)) throw invalid(`invalid digest ${JSON.stringify(digest.slice(0, 100))}`);
  if (folder === '') throw invalid('local cache importer requires src');
  const store = storeOf(inputs, `local:${folder}`);
  return {
    top: () => readWhole(store, { mediaType: '', digest, size: -1 }, IMAGE_LIMITS.manifestBytes, signal),
    document: (descriptor, limit) => readWhole(store, descriptor, limit, signal),
    blob: (descriptor, until) => store.read(digestIn(descriptor), until),
  };
}

/** A store of the client's, by the name that its builder told. */
export function storeOf(inputs: Building['inputs'], id: string): BlobStore {
  const found = inputs.store?.(id);
  if (!found) throw notFound(`the client offers no content store ${JSON.stringify(id)}`);
  return found;
}

/** A small blob of the client's, verified. */
export async function readWhole(
  store: BlobStore,
  descriptor: Descriptor,
  limit: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of store.read(digestIn(descriptor), signal)) {
    size += piece.length;
    if (size > limit) throw invalid(`blob ${descriptor.digest} is larger than ${limit} bytes`);
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (digestOf(bytes) !== descriptor.digest) throw invalid(`blob ${descriptor.digest} is not what its name says`);
  return bytes;
}

import type { Writable } from 'node:stream';
import type { ContainerConfig } from '#api';
import type { Lease, Received } from '#content';
import { notFound } from '#errdefs';
import type { Digest, Reference } from '#oci';
import { chainIds } from '#oci';
import { failpoint } from '#sys';
import { commitImages } from './commit.ts';
import { committedDocument } from './committed-document.ts';
import type { ImageDeps } from './deps.ts';
import type { UnplacedLayer } from './layers.ts';
import { appendToManifest } from './manifests.ts';
import type { ImageRecord, NewImage } from './record.ts';
import { undoing } from './undo.ts';

/** Digest of an archive without entries: a container that changed nothing adds no layer. */
export const EMPTY_LAYER: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

export interface CommitRequest {
  /** Id of the image that the container was made from. */
  readonly parent: string;
  readonly container: string;
  readonly containerConfig: ContainerConfig;
  /** What containers of the new image inherit. */
  readonly config: ContainerConfig;
  readonly author: string;
  readonly comment: string;
  readonly reference: Reference | undefined;
  /** Writes the new layer, uncompressed, leaves the stream open, and gives the layer unpacked. */
  readonly layer: (output: Writable) => Promise<UnplacedLayer>;
  readonly signal: AbortSignal;
}

/** Makes an image of another one and a layer on top of it; its id when all of it is on the disk. */
export async function commitLayer(deps: ImageDeps, request: CommitRequest): Promise<Digest> {
  const parent = deps.rows.get(request.parent as Digest);
  if (!parent) throw notFound(`No such image: ${request.parent}`);
  return await undoing(deps, commitOnto(deps, parent, request));
}

async function commitOnto(deps: ImageDeps, parent: ImageRecord, request: CommitRequest): Promise<Digest> {
  const { content, layers } = deps;
  using lease = content.lease();
  const { received, unplaced } = await receiveLayer(deps, request, lease);
  await using _unplaced = unplaced;
  failpoint('image.commit-layer.received');
  const isEmpty = received.digest === EMPTY_LAYER;
  const diffIds = isEmpty ? [...parent.config.diffIds] : [...parent.config.diffIds, received.digest];
  const chain = chainIds(diffIds);
  await using _held = layers.hold(chain);
  if (!isEmpty) {
    const [chainId, below] = [chain.at(-1)!, chain.at(-2)];
    await layers.place({ chainId, parent: below, diffId: received.digest }, unplaced);
  }
  failpoint('image.commit-layer.placed');
  const document = committedDocument(parent, request, { diffIds, isEmpty, version: deps.version });
  const id = await content.put(document, lease);
  const added = isEmpty ? [] : [{ digest: received.digest, size: received.size, packing: 'none' as const }];
  const target = await appendToManifest(
    content,
    parent,
    { config: { digest: id, size: document.length }, added },
    lease,
  );
  failpoint('image.commit-layer.blobs');
  await content.sync();
  failpoint('image.commit-layer.synced');
  request.signal.throwIfAborted();
  const sizes = chain.map((chainId) => deps.rows.layerSize(chainId) ?? unplaced.size);
  const made: NewImage = {
    id,
    target,
    manifest: target.digest as Digest,
    document,
    parent: parent.id,
    layers: chain.map((chainId, i) => ({ chainId, diffId: diffIds[i]!, size: sizes[i]! })),
  };
  await commitImages(deps, [{ image: made, references: request.reference ? [request.reference] : [] }], 'create');
  return id;
}

/** Writes the layer into the content store while it is being made. */
export async function receiveLayer(
  { content }: Pick<ImageDeps, 'content'>,
  { layer, signal }: Pick<CommitRequest, 'layer' | 'signal'>,
  lease: Lease,
): Promise<{ received: Received; unplaced: UnplacedLayer }> {
  const { output, received } = await content.receiveStream({ signal });
  const making = layer(output).then((unplaced) => {
    output.end();
    return unplaced;
  });
  making.catch((error) => output.destroy(error));
  const results = await Promise.allSettled([making, received]);
  try {
    const taken = await received;
    const unplaced = await making;
    await content.keep(taken, lease);
    await taken.drop();
    return { received: taken, unplaced };
  } catch (error) {
    const [made, came] = results;
    if (made.status === 'fulfilled') await made.value[Symbol.asyncDispose]();
    if (came.status === 'fulfilled') await came.value.drop();
    throw made.status === 'rejected' ? made.reason : error;
  }
}

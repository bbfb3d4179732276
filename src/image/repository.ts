import type { Credentials, Remote } from '#distribution';
import { internal } from '#errdefs';
import type { Descriptor, Reference } from '#oci';
import { digestIn, digestOf, isIndexType, isManifestType, MEDIA } from '#oci';
import { readTop } from './pull/documents.ts';
import type { PullDeps } from './pull/pull.ts';
import type { PushDeps } from './push/push.ts';
import { uploadBlob } from './push/upload.ts';

export interface RepositoryAccess {
  readonly credentials?: Credentials;
  readonly signal: AbortSignal;
}

/** A document with its media type. */
export interface Document {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A repository of a registry that is read blob by blob; dispose it to close its connections. */
export class Repository implements Disposable {
  readonly #remote: Remote;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** What the reference means, verified. */
  async top(reference: Reference, signal: AbortSignal): Promise<Document> {
    return await readTop(this.#remote, reference, signal);
  }

  /** A document that something else names, verified. */
  async document(descriptor: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    const digest = digestIn(descriptor);
    const isManifest = isManifestType(descriptor.mediaType) || isIndexType(descriptor.mediaType);
    const at = isManifest ? `manifests/${digest}` : `blobs/${digest}`;
    const headers = isManifest && { headers: { accept: descriptor.mediaType } };
    const { bytes } = await this.#remote.read({ method: 'GET', at, ...headers, signal }, limit);
    if (digestOf(bytes) !== digest) throw internal(`blob ${digest} is not what the registry sent`);
    return bytes;
  }

  /** The bytes of a blob as they come, not verified. */
  async *blob(descriptor: Descriptor, signal: AbortSignal): AsyncGenerator<Buffer> {
    const answer = await this.#remote.request({ method: 'GET', at: `blobs/${digestIn(descriptor)}`, signal });
    try {
      yield* answer.body();
    } finally {
      answer.cancel();
    }
  }

  [Symbol.dispose](): void {
    this.#remote[Symbol.dispose]();
  }
}

/** Opens the repository of a reference at the first of its endpoints that answers. */
export async function openRepository(
  { registries }: Pick<PullDeps, 'registries'>,
  reference: Reference,
  { credentials = {}, signal }: RepositoryAccess,
): Promise<Repository> {
  const access = { actions: ['pull'], credentials, signal } as const;
  return await registries.use(reference, access, async (remote) => new Repository(remote.share()));
}

export interface PushedDocument {
  /** Blobs of the content store that the document names. */
  readonly blobs: readonly Descriptor[];
  /** Manifests that it names, with their own blobs; sent in this order. */
  readonly inner?: readonly { readonly document: Document; readonly blobs: readonly Descriptor[] }[];
  readonly document: Document;
  readonly onBlob?: (descriptor: Descriptor, done: boolean) => void;
}

/** Sends a manifest and all that it names to the repository of a reference, under its tag. */
export async function pushDocument(
  { registries, content, uploads }: Pick<PushDeps, 'registries' | 'content' | 'uploads'>,
  reference: Reference,
  { credentials = {}, signal }: RepositoryAccess,
  { blobs, inner = [], document, onBlob }: PushedDocument,
): Promise<void> {
  const access = { actions: ['pull', 'push'], credentials, signal } as const;
  await registries.use(reference, access, async (remote) => {
    const all = [...blobs, ...inner.flatMap((one) => one.blobs)];
    const distinct = [...new Map(all.map((blob) => [blob.digest, blob])).values()];
    const send = async (blob: Descriptor) => {
      using _place = await uploads.acquire(signal);
      onBlob?.(blob, false);
      await uploadBlob({ content, remote, signal }, digestIn(blob), { mounts: [] });
      onBlob?.(blob, true);
    };
    const failed = (await Promise.allSettled(distinct.map(send))).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
    for (const one of inner) await put(remote, one.document, digestOf(one.document.bytes), signal);
    await put(remote, document, reference.digest ?? reference.tag!, signal);
  });
}

async function put(remote: Remote, { mediaType, bytes }: Document, name: string, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': mediaType || MEDIA.ociManifest, 'content-length': String(bytes.length) };
  const asked = { method: 'PUT', at: `manifests/${name}`, headers, body: bytes, accepts: [200, 201, 202], signal };
  await remote.read(asked as typeof asked & { method: 'PUT' }, ANSWER_BYTES);
}

const ANSWER_BYTES = 64 * 1024;

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Content, Lease } from '#content';
import { isKind } from '#errdefs';
import type { Digest } from '#oci';
import type { BlobStore, ByteRange, Storage } from '#registry';
import { FolderNames, Repositories } from '#registry';

/** A registry's content in the engine's own store: what both have is there once. Names are files, as in a registry's folder. */
export async function engineStorage(content: Content, folder: string): Promise<Storage & Disposable> {
  const [uploads, fresh, repositories] = ['uploads', 'new', 'repositories'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [uploads, fresh, repositories]) mkdirSync(each, { recursive: true, mode: 0o700 });
  const names = new FolderNames(repositories, fresh);
  const lease = content.lease();
  for (const digest of await linkedBlobs(new Repositories(names))) lease.hold(digest);
  return { blobs: new ContentBlobs(content, lease), names, uploads, [Symbol.dispose]: () => lease[Symbol.dispose]() };
}

async function linkedBlobs(repositories: Repositories): Promise<Digest[]> {
  const found: Digest[] = [];
  for (const name of await repositories.listAll()) {
    found.push(...(await repositories.blobs(name)), ...(await repositories.manifests(name)));
  }
  return found;
}

/** The content store as a registry's: it removes a blob by letting go of it. */
class ContentBlobs implements BlobStore {
  readonly #content: Content;
  readonly #lease: Lease;

  constructor(content: Content, lease: Lease) {
    this.#content = content;
    this.#lease = lease;
  }

  async size(digest: Digest): Promise<number | undefined> {
    return await this.#content.size(digest).catch((error: unknown) => {
      if (isKind(error, 'not-found')) return undefined;
      throw error;
    });
  }

  async open(digest: Digest, range?: ByteRange): Promise<Readable> {
    return this.#content.open(digest, range);
  }

  file(digest: Digest): string {
    return this.#content.file(digest);
  }

  /** Before it is linked: the engine does not collect it in between. */
  hold(digest: Digest): void {
    this.#lease.hold(digest);
  }

  adopt(file: string, digest: Digest): Promise<void> {
    return this.#content.adopt(file, digest, this.#lease);
  }

  async remove(digest: Digest): Promise<number> {
    this.#lease.release(digest);
    return 0;
  }

  async list(): Promise<Digest[]> {
    return [...this.#lease.digests];
  }
}

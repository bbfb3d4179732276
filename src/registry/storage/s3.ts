import { mkdirSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Digest } from '#oci';
import { digestHex, isDigest } from '#oci';
import { failpoint } from '#sys/failpoint';
import type { BlobStore, ByteRange, NameStore, Storage } from '../deps.ts';
import type { S3Config } from './s3-client.ts';
import { S3Client } from './s3-client.ts';

const TOP = 'docker/registry/v2';
/** Objects that are removed at a time. */
const AT_ONCE = 16;

/**
 * A registry's content in a bucket, laid out as Docker's registry does, so that each serves the other's. An upload is a
 * file here until it is whole: in a bucket nothing can be appended to.
 */
export function s3Storage(config: S3Config, uploads: string): Storage {
  mkdirSync(uploads, { recursive: true, mode: 0o700 });
  const client = new S3Client(config);
  return { blobs: new S3Blobs(client), names: new S3Names(client), uploads };
}

const blobKey = (digest: Digest) => {
  const hex = digestHex(digest);
  return `${TOP}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
};

class S3Blobs implements BlobStore {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  size(digest: Digest): Promise<number | undefined> {
    return this.#client.size(blobKey(digest));
  }

  open(digest: Digest, range?: ByteRange): Promise<Readable> {
    return this.#client.open(blobKey(digest), range);
  }

  file(): undefined {}

  async adopt(file: string, digest: Digest): Promise<void> {
    const isHere = (await this.size(digest)) !== undefined;
    if (!isHere) await this.#client.putFile(blobKey(digest), file, digestHex(digest));
    failpoint('registry.s3.blob.put');
    await unlink(file);
  }

  async remove(digest: Digest): Promise<number> {
    const size = (await this.size(digest)) ?? 0;
    await this.#client.remove(blobKey(digest));
    failpoint('registry.s3.blob.removed');
    return size;
  }

  async list(): Promise<Digest[]> {
    const keys = await this.#client.list(`${TOP}/blobs/sha256`, { deep: true });
    return keys.map((key) => `sha256:${key.split('/')[1]}`).filter(isDigest);
  }
}

class S3Names implements NameStore {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  read(name: string): Promise<string | undefined> {
    return this.#client.text(`${TOP}/repositories/${name}/link`);
  }

  async write(name: string, text: string): Promise<void> {
    await this.#client.put(`${TOP}/repositories/${name}/link`, text);
    failpoint('registry.s3.name.put');
  }

  async list(name: string): Promise<string[]> {
    return (await this.#client.list(`${TOP}/repositories${name && `/${name}`}`)).sort();
  }

  async remove(name: string): Promise<void> {
    const folder = `${TOP}/repositories/${name}`;
    const keys = await this.#client.list(folder, { deep: true });
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => this.#client.remove(`${folder}/${key}`)));
    }
    failpoint('registry.s3.name.removed');
  }
}

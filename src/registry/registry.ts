import { KeyedMutex } from '#async';
import type { Log } from '#log';
import type { Digest } from '#oci';
import { digestOf, isDigest } from '#oci';
import type { Storage } from './deps.ts';
import { RegistryError } from './errors.ts';
import type { SendFile } from './http/send.ts';
import type { ManifestFacts } from './manifest.ts';
import { manifestFacts } from './manifest.ts';
import type { CachedManifest } from './manifest-cache.ts';
import { ManifestCache } from './manifest-cache.ts';
import { Repositories } from './repositories.ts';
import type { Settings } from './settings.ts';
import { Uploads } from './uploads.ts';

/** What has happened, for whoever wants to be told. */
export interface RegistryEvent {
  readonly action: 'push' | 'pull' | 'mount' | 'delete';
  readonly repository: string;
  readonly digest: Digest;
  readonly size?: number;
  readonly mediaType?: string;
  readonly tag?: string;
  readonly fromRepository?: string;
}

export interface RegistryOptions {
  readonly storage: Storage;
  readonly settings: Settings;
  readonly log: Log;
  readonly onEvent?: (event: RegistryEvent) => void;
  /** By it whole blobs go from their file to the client; without it through this process. */
  readonly sendFile?: SendFile | undefined;
}

/** A manifest as it is answered. */
export interface FoundManifest extends CachedManifest {
  readonly digest: Digest;
}

/** The verbs of a registry. Nothing is visible before it is whole, checked and on the disk. */
export class Registry {
  readonly storage: Storage;
  readonly settings: Settings;
  readonly repositories: Repositories;
  readonly uploads: Uploads;
  readonly log: Log;
  readonly sendFile: SendFile | undefined;
  readonly #onEvent: (event: RegistryEvent) => void;
  readonly #cache = new ManifestCache();
  /** By digest: a blob is not collected between its arrival and its link. */
  readonly #blobLocks = new KeyedMutex();
  readonly #tagLocks = new KeyedMutex();
  /** What was asked for, pushed or mounted since the last collection, which spares it. */
  #asked = new Set<string>();

  constructor({ storage, settings, log, sendFile, onEvent = () => {} }: RegistryOptions) {
    this.storage = storage;
    this.settings = settings;
    this.log = log;
    this.sendFile = sendFile;
    this.repositories = new Repositories(storage.names);
    this.uploads = new Uploads(storage.uploads, log);
    this.#onEvent = onEvent;
  }

  /** Bytes of a blob that the repository links. */
  async blobSize(name: string, digest: Digest): Promise<number> {
    const isLinked =
      (await this.repositories.hasBlob(name, digest)) || (await this.repositories.hasManifest(name, digest));
    const size = isLinked ? await this.storage.blobs.size(digest) : undefined;
    if (size === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    this.#asked.add(`${name}@${digest}`);
    return size;
  }

  async deleteBlob(name: string, digest: Digest): Promise<void> {
    if (!(await this.repositories.hasBlob(name, digest)))
      throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    await this.repositories.unlinkBlob(name, digest);
    this.#onEvent({ action: 'delete', repository: name, digest });
  }

  /** Makes an upload, which is complete, a blob of the repository. */
  async finishUpload(name: string, id: string, digest: Digest): Promise<void> {
    using _ = await this.#blobLocks.lock(digest);
    this.#asked.add(digest);
    const size = await this.uploads.finish(name, id, digest, (file) => this.storage.blobs.adopt(file, digest));
    await this.repositories.linkBlob(name, digest);
    this.#onEvent({ action: 'push', repository: name, digest, size });
  }

  /** Links a blob of another repository here; false when it is not there. Whether it may be read is the caller's to know. */
  async mount(name: string, digest: Digest, from: string): Promise<boolean> {
    using _ = await this.#blobLocks.lock(digest);
    if (!(await this.repositories.hasBlob(from, digest))) return false;
    return this.#linkPresent(name, digest, from);
  }

  /** Links a blob that the storage has, whoever brought it; false when it has not. */
  async adoptBlob(name: string, digest: Digest): Promise<boolean> {
    using _ = await this.#blobLocks.lock(digest);
    return this.#linkPresent(name, digest);
  }

  async #linkPresent(name: string, digest: Digest, fromRepository?: string): Promise<boolean> {
    this.#asked.add(digest);
    this.storage.blobs.hold?.(digest);
    const size = await this.storage.blobs.size(digest);
    if (size === undefined) return false;
    await this.repositories.linkBlob(name, digest);
    this.#onEvent({ action: 'mount', repository: name, digest, size, ...(fromRepository && { fromRepository }) });
    return true;
  }

  /** What was used since this was called last. */
  takeAsked(): ReadonlySet<string> {
    const asked = this.#asked;
    this.#asked = new Set();
    return asked;
  }

  /** Removes a blob that nothing links, unless somebody uses it at this moment; tells the bytes that frees. */
  async discard(digest: Digest): Promise<number> {
    using _ = await this.#blobLocks.lock(digest);
    if (this.#asked.has(digest)) return 0;
    this.#cache.remove(digest);
    return await this.storage.blobs.remove(digest);
  }

  /** The manifest of a tag or a digest. */
  async manifest(name: string, reference: string): Promise<FoundManifest> {
    const digest = isDigest(reference) ? reference : await this.repositories.resolve(name, reference);
    const isKnown = digest !== undefined && (await this.repositories.hasManifest(name, digest));
    const found = isKnown ? await this.#load(digest) : undefined;
    if (!found) throw await this.#unknownManifest(name, reference);
    return { ...found, digest: digest! };
  }

  told(name: string, { digest, bytes, facts }: FoundManifest, reference: string): void {
    const tag = isDigest(reference) ? {} : { tag: reference };
    this.#onEvent({ action: 'pull', repository: name, digest, size: bytes.length, mediaType: facts.mediaType, ...tag });
  }

  async #unknownManifest(name: string, reference: string): Promise<RegistryError> {
    const detail = isDigest(reference) ? { name, revision: reference } : { Tag: reference };
    return (await this.repositories.exists(name))
      ? new RegistryError('MANIFEST_UNKNOWN', { message: 'manifest unknown', detail })
      : new RegistryError('NAME_UNKNOWN', { detail: { name } });
  }

  async #load(digest: Digest): Promise<CachedManifest | undefined> {
    const cached = this.#cache.get(digest);
    if (cached) return cached;
    const size = await this.storage.blobs.size(digest);
    if (size === undefined || size > this.settings.manifestBytes) return undefined;
    const bytes = Buffer.concat(await (await this.storage.blobs.open(digest)).toArray());
    if (digestOf(bytes) !== digest) {
      this.log.error('a manifest is damaged', { digest });
      return undefined;
    }
    const entry = { bytes, facts: manifestFacts(bytes) };
    this.#cache.add(digest, entry);
    return entry;
  }

  /** Takes in a manifest whose parts are here; the tag, when it is given one, means it from now on. */
  async putManifest(name: string, reference: string, bytes: Buffer, contentType: string | undefined) {
    const digest = digestOf(bytes);
    if (isDigest(reference) && reference !== digest) {
      throw new RegistryError('DIGEST_INVALID', { detail: `the manifest has the digest ${digest}` });
    }
    const facts = manifestFacts(bytes, contentType);
    this.#asked.add(digest);
    await this.#requireParts(name, facts);
    using _ = await this.#blobLocks.lock(digest);
    this.storage.blobs.hold?.(digest);
    if ((await this.storage.blobs.size(digest)) === undefined) {
      const id = await this.uploads.begin(name);
      await this.uploads.append(name, id, once(bytes), { limit: bytes.length });
      await this.uploads.finish(name, id, digest, (file) => this.storage.blobs.adopt(file, digest));
    }
    await this.repositories.linkManifest(name, digest);
    if (facts.subject) await this.repositories.addReferrer(name, facts.subject, digest);
    this.#cache.add(digest, { bytes, facts });
    if (!isDigest(reference)) await this.#setTag(name, reference, digest);
    const tag = isDigest(reference) ? {} : { tag: reference };
    this.#onEvent({ action: 'push', repository: name, digest, size: bytes.length, mediaType: facts.mediaType, ...tag });
    return { digest, subject: facts.subject };
  }

  async #setTag(name: string, tag: string, digest: Digest): Promise<void> {
    using _ = await this.#tagLocks.lock(`${name}:${tag}`);
    await this.repositories.tag(name, tag, digest);
  }

  async #requireParts(name: string, { blobs, manifests }: ManifestFacts): Promise<void> {
    const missing: unknown[] = [];
    for (const { digest } of blobs) {
      if (!(await this.repositories.hasBlob(name, digest as Digest))) missing.push({ digest });
    }
    for (const { digest } of manifests) {
      if (!(await this.repositories.hasManifest(name, digest as Digest))) missing.push({ digest });
    }
    if (missing.length > 0) throw new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: missing[0] });
  }

  /** Removes a tag, or a manifest with all its tags. */
  async deleteManifest(name: string, reference: string): Promise<void> {
    if (!isDigest(reference)) return this.#deleteTag(name, reference);
    const { facts } = await this.manifest(name, reference);
    await this.repositories.unlinkManifest(name, reference);
    if (facts.subject) await this.repositories.removeReferrer(name, facts.subject, reference);
    this.#onEvent({ action: 'delete', repository: name, digest: reference, mediaType: facts.mediaType });
  }

  async #deleteTag(name: string, tag: string): Promise<void> {
    using _ = await this.#tagLocks.lock(`${name}:${tag}`);
    const digest = await this.repositories.resolve(name, tag);
    if (!digest) throw await this.#unknownManifest(name, tag);
    await this.repositories.untag(name, tag);
    this.#onEvent({ action: 'delete', repository: name, digest, tag });
  }

  /** Every manifest whose subject is this one: those that the registry knows, and those that clients listed under a tag. */
  async referrers(name: string, subject: Digest): Promise<FoundManifest[]> {
    const found = new Map<Digest, FoundManifest>();
    const known = await this.repositories.referrers(name, subject);
    for (const digest of [...known, ...(await this.#listedByTag(name, subject))]) {
      if (found.has(digest) || !(await this.repositories.hasManifest(name, digest))) continue;
      const manifest = await this.#load(digest);
      if (manifest) found.set(digest, { ...manifest, digest });
    }
    return [...found.values()];
  }

  /** The referrers tag of clients whose registry had no such list: an index named after the digest. */
  async #listedByTag(name: string, subject: Digest): Promise<Digest[]> {
    const digest = await this.repositories.resolve(name, subject.replace(':', '-'));
    const facts = digest && (await this.repositories.hasManifest(name, digest)) && (await this.#load(digest))?.facts;
    return facts ? facts.manifests.map((each) => each.digest).filter(isDigest) : [];
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

import type { Readable } from 'node:stream';
import { KeyedMutex } from '#async';
import type { Log } from '#log';
import type { AnyDigest, Digest } from '#oci';
import { digestLike, digestOf, isAnyDigest } from '#oci';
import { Asked } from './asked.ts';
import type { ByteRange, Storage } from './deps.ts';
import { RegistryError } from './errors.ts';
import type { SendFile } from './http/send.ts';
import type { ManifestFacts } from './manifest.ts';
import { manifestFacts } from './manifest.ts';
import type { CachedManifest } from './manifest-cache.ts';
import { ManifestCache } from './manifest-cache.ts';
import { Quota } from './quota.ts';
import type { Reader, Referrer } from './reader.ts';
import { Repositories } from './repositories.ts';
import type { Settings } from './settings.ts';
import { Uploads } from './uploads.ts';

/** What has happened, for whoever wants to be told. */
export interface RegistryEvent {
  readonly action: 'push' | 'pull' | 'mount' | 'delete';
  readonly repository: string;
  readonly digest: AnyDigest;
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
  /** As who asks, or who tagged it, calls it. */
  readonly digest: AnyDigest;
  /** Under which it is kept. */
  readonly stored: Digest;
}

/** A blob as it is answered. */
export interface FoundBlob {
  /** Undefined: it is still coming. */
  readonly stored: Digest | undefined;
  readonly size: number;
  open(range: ByteRange): Readable | Promise<Readable>;
}

/** The verbs of a registry. Nothing is visible before it is whole, checked and on the disk. */
export class Registry implements Reader {
  readonly storage: Storage;
  readonly settings: Settings;
  readonly repositories: Repositories;
  readonly uploads: Uploads;
  readonly quota: Quota;
  readonly log: Log;
  readonly sendFile: SendFile | undefined;
  readonly #onEvent: (event: RegistryEvent) => void;
  readonly #cache = new ManifestCache();
  /** By digest: a blob is not collected between its arrival and its link. */
  readonly #blobLocks = new KeyedMutex();
  readonly #tagLocks = new KeyedMutex();
  /** What was asked for, pushed or mounted, which a collection spares: blobs, and `repository@digest`. */
  readonly #asked = new Asked();

  constructor({ storage, settings, log, sendFile, onEvent = () => {} }: RegistryOptions) {
    this.storage = storage;
    this.settings = settings;
    this.log = log;
    this.sendFile = sendFile;
    this.quota = new Quota(settings.quota);
    this.repositories = new Repositories(storage.names, (...gone) => this.quota.remove(...gone));
    this.uploads = new Uploads(storage.uploads, log);
    this.#onEvent = onEvent;
  }

  /** A blob that the repository links. */
  async blob(name: string, digest: AnyDigest): Promise<FoundBlob> {
    // First: whoever collects at this moment sees it.
    using _ = this.#asked.hold(`${name}@${digest}`);
    const stored = (await this.repositories.blobOf(name, digest)) ?? (await this.repositories.manifestOf(name, digest));
    const size = stored && (await this.storage.blobs.size(stored));
    if (!stored || size === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    this.#asked.note(`${name}@${stored}`);
    return { stored, size, open: (range) => this.storage.blobs.open(stored, range) };
  }

  async deleteBlob(name: string, digest: AnyDigest): Promise<void> {
    const stored = await this.repositories.blobOf(name, digest);
    if (!stored) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    using _ = await this.#blobLocks.lock(stored);
    await this.repositories.unlinkBlob(name, stored);
    this.#onEvent({ action: 'delete', repository: name, digest });
  }

  /** Removes the link of a blob that no manifest uses, unless somebody asks for it at this moment; tells whether it did. */
  async unlinkUnused(name: string, digest: Digest): Promise<boolean> {
    using _ = await this.#blobLocks.lock(digest);
    const isAsked = () => this.#asked.has(digest) || this.#asked.has(`${name}@${digest}`);
    if (isAsked()) return false;
    await this.repositories.unlinkBlob(name, digest);
    if (!isAsked()) return true;
    // Who asked meanwhile may have been told that it is here; its bytes are.
    this.quota.add(name, 'blob', digest, (await this.storage.blobs.size(digest)) ?? 0);
    await this.repositories.linkBlob(name, digest);
    return false;
  }

  /** Makes an upload, which is complete, a blob of the repository. */
  async finishUpload(name: string, id: string, digest: AnyDigest): Promise<void> {
    const { size } = await this.takeUpload(name, id, digest);
    this.#onEvent({ action: 'push', repository: name, digest, size });
  }

  /** The same without a word: nobody pushed it. */
  async takeUpload(name: string, id: string, digest: AnyDigest): Promise<{ stored: Digest; size: number }> {
    return await this.uploads.finish(name, id, digest, async (file, stored, size) => {
      using _ = await this.#blobLocks.lock(stored);
      this.quota.add(name, 'blob', stored, size);
      await this.storage.blobs.adopt(file, stored);
      await this.repositories.linkBlob(name, stored, digest);
      this.#asked.note(stored);
    });
  }

  /** Removes a manifest with its tags, or a blob, from a repository, and from the storage when no other links it. */
  async evict(name: string, kind: 'blobs' | 'manifests', stored: Digest): Promise<void> {
    using _ = await this.#blobLocks.lock(stored);
    if (kind === 'blobs') await this.repositories.unlinkBlob(name, stored);
    else await this.repositories.unlinkManifest(name, stored);
    for (const other of await this.repositories.listAll()) {
      if (await this.repositories.blobOf(other, stored)) return;
      if (await this.repositories.manifestOf(other, stored)) return;
    }
    this.#cache.remove(stored);
    await this.storage.blobs.remove(stored);
  }

  /** Links a blob of another repository here; false when it is not there. Whether it may be read is the caller's to know. */
  async mount(name: string, digest: AnyDigest, from: string): Promise<boolean> {
    const stored = await this.repositories.blobOf(from, digest);
    if (!stored) return false;
    using _ = await this.#blobLocks.lock(stored);
    // Deleted while we waited?
    if ((await this.repositories.blobOf(from, digest)) !== stored) return false;
    return this.#linkPresent(name, stored, { from, alias: digest });
  }

  /** A repository that has this blob, of those that may be read; undefined when there is none. */
  async whereIs(digest: AnyDigest, mayRead: (name: string) => boolean): Promise<string | undefined> {
    for (const name of await this.repositories.listAll()) {
      if (mayRead(name) && (await this.repositories.blobOf(name, digest))) return name;
    }
    return undefined;
  }

  /** Links a blob that the storage has, whoever brought it; false when it has not. */
  async adoptBlob(name: string, digest: Digest): Promise<boolean> {
    using _ = await this.#blobLocks.lock(digest);
    return this.#linkPresent(name, digest);
  }

  async #linkPresent(
    name: string,
    stored: Digest,
    { from, alias = stored }: { from?: string; alias?: AnyDigest } = {},
  ): Promise<boolean> {
    this.storage.blobs.hold?.(stored);
    const size = await this.storage.blobs.size(stored);
    if (size === undefined) return false;
    this.quota.add(name, 'blob', stored, size);
    await this.repositories.linkBlob(name, stored, alias);
    this.#asked.note(stored);
    const origin = from === undefined ? {} : { fromRepository: from };
    this.#onEvent({ action: 'mount', repository: name, digest: alias, size, ...origin });
    return true;
  }

  /** What was used since this was called last. */
  takeAsked(): ReadonlySet<string> {
    return this.#asked.take();
  }

  /**
   * Removes a blob that nothing linked when it was looked for; one that was linked since is noted, under its lock. Tells the
   * bytes that this frees.
   */
  async discard(digest: Digest): Promise<number> {
    using _ = await this.#blobLocks.lock(digest);
    if (this.#asked.has(digest)) return 0;
    this.#cache.remove(digest);
    return await this.storage.blobs.remove(digest);
  }

  /** The manifest of a tag or a digest. */
  async manifest(name: string, reference: string): Promise<FoundManifest> {
    const digest = isAnyDigest(reference) ? reference : await this.repositories.resolve(name, reference);
    const found = digest && (await this.#find(name, digest));
    if (!found) throw unknownManifest(name, reference);
    return found;
  }

  async #find(name: string, digest: AnyDigest): Promise<FoundManifest | undefined> {
    const stored = await this.repositories.manifestOf(name, digest);
    const found = stored && (await this.#load(stored));
    return found && { ...found, digest, stored };
  }

  told(name: string, { digest, bytes, facts }: FoundManifest, reference: string): void {
    const tag = isAnyDigest(reference) ? {} : { tag: reference };
    this.#onEvent({ action: 'pull', repository: name, digest, size: bytes.length, mediaType: facts.mediaType, ...tag });
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

  /** Takes in a manifest whose parts are here; the tags mean it from now on. `alias` is the digest that its client says. */
  async putManifest(name: string, bytes: Buffer, put: ManifestPut & { readonly tags: readonly string[] }) {
    const facts = manifestFacts(bytes, put.contentType);
    using holds = new DisposableStack();
    await this.#requireParts(name, facts, holds);
    const { digest } = await this.keepManifest(name, bytes, put);
    for (const tag of put.tags) await this.retag(name, tag, digest);
    const [tag] = put.tags;
    const about = { digest, size: bytes.length, mediaType: facts.mediaType };
    this.#onEvent({ action: 'push', repository: name, ...about, ...(tag !== undefined && { tag }) });
    return { digest, subject: facts.subject };
  }

  /** The same without its parts, tags and a word. */
  async keepManifest(name: string, bytes: Buffer, { contentType, alias }: ManifestPut) {
    const stored = digestOf(bytes);
    const digest = alias ?? stored;
    const found = digestLike(digest, bytes);
    if (digest !== found) throw new RegistryError('DIGEST_INVALID', { detail: `the manifest has the digest ${found}` });
    const facts = manifestFacts(bytes, contentType);
    using _ = await this.#blobLocks.lock(stored);
    this.quota.add(name, 'manifest', stored, bytes.length);
    this.storage.blobs.hold?.(stored);
    if ((await this.storage.blobs.size(stored)) === undefined) {
      const id = await this.uploads.begin(name);
      await this.uploads.append(name, id, once(bytes), { limit: bytes.length });
      await this.uploads.finish(name, id, stored, (file) => this.storage.blobs.adopt(file, stored));
    }
    await this.repositories.linkManifest(name, stored, digest);
    if (facts.subject) await this.repositories.addReferrer(name, facts.subject, stored, digest);
    this.#asked.note(stored);
    this.#cache.add(stored, { bytes, facts });
    return { digest, stored };
  }

  /** Lets a tag mean this manifest. */
  async retag(name: string, tag: string, digest: AnyDigest): Promise<void> {
    using _ = await this.#tagLocks.lock(`${name}:${tag}`);
    if ((await this.repositories.resolve(name, tag)) !== digest) await this.repositories.tag(name, tag, digest);
  }

  async tags(name: string): Promise<readonly string[] | undefined> {
    const all = await this.repositories.tags(name);
    return all.length > 0 || (await this.repositories.exists(name)) ? all : undefined;
  }

  /** Holds the parts of a manifest until it is linked, too: it may be collected in between. Throws when one is missing. */
  async #requireParts(name: string, { blobs, manifests }: ManifestFacts, holds: DisposableStack): Promise<void> {
    const missing: unknown[] = [];
    const isBlob = async (digest: AnyDigest) => {
      holds.use(this.#asked.hold(`${name}@${digest}`));
      const stored = await this.repositories.blobOf(name, digest);
      if (stored) holds.use(this.#asked.hold(`${name}@${stored}`));
      return stored !== undefined;
    };
    for (const { digest } of blobs) if (!(await isBlob(digest as AnyDigest))) missing.push({ digest });
    for (const { digest } of manifests) {
      // Docker: an index may name plain blobs, as those of build caches do.
      const isHere = await this.repositories.manifestOf(name, digest as AnyDigest);
      if (!isHere && !(await isBlob(digest as AnyDigest))) missing.push({ digest });
    }
    if (missing.length > 0) throw new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: missing[0] });
  }

  /** Removes a tag, or a manifest with all its tags. */
  async deleteManifest(name: string, reference: string): Promise<void> {
    if (!isAnyDigest(reference)) return this.#deleteTag(name, reference);
    const { facts, stored } = await this.manifest(name, reference);
    using _ = await this.#blobLocks.lock(stored);
    await this.repositories.unlinkManifest(name, stored);
    if (facts.subject) await this.repositories.removeReferrer(name, facts.subject, stored);
    this.#onEvent({ action: 'delete', repository: name, digest: reference, mediaType: facts.mediaType });
  }

  async #deleteTag(name: string, tag: string): Promise<void> {
    using _ = await this.#tagLocks.lock(`${name}:${tag}`);
    const digest = await this.repositories.resolve(name, tag);
    if (!digest) throw unknownManifest(name, tag);
    await this.repositories.untag(name, tag);
    this.#onEvent({ action: 'delete', repository: name, digest, tag });
  }

  /** Every manifest whose subject is this one: those that the registry knows, and those that clients listed under a tag. */
  async referrers(name: string, subject: AnyDigest): Promise<Referrer[]> {
    const found = new Map<Digest, FoundManifest>();
    const known = await this.repositories.referrers(name, subject);
    for (const digest of [...known, ...(await this.#listedByTag(name, subject))]) {
      const manifest = await this.#find(name, digest);
      if (manifest && !found.has(manifest.stored)) found.set(manifest.stored, manifest);
    }
    return [...found.values()].map(referrerOf);
  }

  /** The referrers tag of clients whose registry had no such list: an index named after the digest. */
  async #listedByTag(name: string, subject: AnyDigest): Promise<AnyDigest[]> {
    const digest = await this.repositories.resolve(name, fallbackTag(subject));
    const list = digest && (await this.#find(name, digest));
    return list ? list.facts.manifests.map((each) => each.digest).filter(isAnyDigest) : [];
  }
}

const TAG_LENGTH = 128;

/** The tag under which clients list referrers where a registry does not; that of a SHA-512 is cut to a tag's length. */
export const fallbackTag = (subject: AnyDigest) => subject.replace(':', '-').slice(0, TAG_LENGTH);

/** How a client puts a manifest. */
export interface ManifestPut {
  readonly contentType: string | undefined;
  /** The digest in its path; undefined when a tag stands there. */
  readonly alias: AnyDigest | undefined;
}

function referrerOf({ digest, bytes, facts }: FoundManifest): Referrer {
  const { mediaType, artifactType, annotations } = facts;
  const more = annotations && Object.keys(annotations).length > 0 && { annotations };
  return { mediaType, digest, size: bytes.length, ...(artifactType && { artifactType }), ...more };
}

/** Docker: of a repository that is not there it says the same. */
function unknownManifest(name: string, reference: string): RegistryError {
  const detail = isAnyDigest(reference) ? { name, revision: reference } : { Tag: reference };
  return new RegistryError('MANIFEST_UNKNOWN', { detail });
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

import { singleFlight } from '#async';
import type { AnyDigest } from '#oci';
import { digestOf, isAnyDigest, isDigest } from '#oci';
import type { Upstream } from '../deps.ts';
import { asRegistryError, RegistryError } from '../errors.ts';
import type { Reader, Referrer } from '../reader.ts';
import type { FoundBlob, FoundManifest, Registry } from '../registry.ts';
import { fallbackTag } from '../registry.ts';
import type { Expiry } from './expiry.ts';
import { IncomingBlob } from './incoming-blob.ts';

/**
 * A registry that stands for another one. Tags are asked for there each time; what has a digest is fetched once and
 * answered from here until it expires. While the other cannot be asked, what is here is answered.
 */
export class PullThrough implements Reader, Disposable {
  readonly #registry: Registry;
  readonly #upstream: Upstream;
  readonly #expiry: Expiry;
  readonly #incoming = new Map<string, IncomingBlob>();
  readonly #end = new AbortController();
  readonly #resolving = new Map<string, Promise<AnyDigest | undefined>>();
  readonly #fetching = new Map<string, Promise<FoundManifest>>();

  readonly #onEnd: () => void;

  constructor(registry: Registry, upstream: Upstream, { expiry, onEnd }: { expiry: Expiry; onEnd: () => void }) {
    this.#onEnd = onEnd;
    this.#registry = registry;
    this.#upstream = upstream;
    this.#expiry = expiry;
  }

  async manifest(name: string, reference: string): Promise<FoundManifest> {
    if (isAnyDigest(reference)) return await this.#manifestOf(name, reference);
    return await this.#orWhatIsHere(
      async () => {
        const digest = await singleFlight(this.#resolving, `${name}:${reference}`, () =>
          this.#upstream.resolve(name, reference),
        );
        if (!digest) return await this.#forget(name, reference);
        const found = await this.#manifestOf(name, digest);
        await this.#registry.retag(name, reference, digest);
        return found;
      },
      () => this.#registry.manifest(name, reference),
    );
  }

  /** The upstream has no such tag any more. */
  async #forget(name: string, tag: string): Promise<never> {
    await this.#registry.repositories.untag(name, tag);
    throw new RegistryError('MANIFEST_UNKNOWN', { detail: { Tag: tag } });
  }

  async #manifestOf(name: string, digest: AnyDigest): Promise<FoundManifest> {
    try {
      return await this.#registry.manifest(name, digest);
    } catch (error) {
      if (asRegistryError(error).code !== 'MANIFEST_UNKNOWN') throw error;
    }
    return await singleFlight(this.#fetching, `${name}@${digest}`, () => this.#fetchManifest(name, digest));
  }

  async #fetchManifest(name: string, digest: AnyDigest): Promise<FoundManifest> {
    const found = await this.#ask(() => this.#upstream.manifest(name, digest, this.#registry.settings.manifestBytes));
    if (!found) throw new RegistryError('MANIFEST_UNKNOWN', { detail: { name, revision: digest } });
    const { bytes, contentType } = found;
    // First: what is here and not noted would never expire.
    await this.#expiry.note(name, 'manifests', digestOf(bytes));
    await this.#registry.keepManifest(name, bytes, { contentType, alias: digest });
    return await this.#registry.manifest(name, digest);
  }

  async blob(name: string, digest: AnyDigest): Promise<FoundBlob> {
    const key = `${name}@${digest}`;
    const coming = this.#incoming.get(key);
    if (coming) return { size: coming.size, stored: undefined, open: (range) => coming.read(range) };
    try {
      return await this.#registry.blob(name, digest);
    } catch (error) {
      if (asRegistryError(error).code !== 'BLOB_UNKNOWN') throw error;
    }
    const size = await this.#ask(() => this.#upstream.blobSize(name, digest));
    if (size === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    if (isDigest(digest)) {
      await this.#expiry.note(name, 'blobs', digest);
      if (await this.#registry.adoptBlob(name, digest)) return await this.#registry.blob(name, digest);
    }
    return { size, stored: undefined, open: (range) => this.#fetchBlob(name, digest, size).read(range) };
  }

  #fetchBlob(name: string, digest: AnyDigest, size: number): IncomingBlob {
    const key = `${name}@${digest}`;
    const coming = this.#incoming.get(key);
    if (coming) return coming;
    const about = { registry: this.#registry, upstream: this.#upstream, signal: this.#end.signal };
    const blob = new IncomingBlob({ ...about, name, digest, size });
    this.#incoming.set(key, blob);
    void blob.done
      .then(async (stored) => await this.#expiry.note(name, 'blobs', stored))
      .catch((error) => this.#registry.log.warn('a blob is not fetched', { repository: name, digest, error }))
      .finally(() => this.#incoming.delete(key));
    return blob;
  }

  async tags(name: string): Promise<readonly string[] | undefined> {
    return await this.#orWhatIsHere(
      () => this.#upstream.tags(name),
      () => this.#registry.tags(name),
    );
  }

  async referrers(name: string, subject: AnyDigest): Promise<readonly Referrer[]> {
    return await this.#orWhatIsHere(
      async () => (await this.#upstream.referrers(name, subject)) ?? (await this.#listedByTag(name, subject)),
      () => this.#registry.referrers(name, subject),
    );
  }

  /** An upstream that keeps no such lists has them under tags. */
  async #listedByTag(name: string, subject: AnyDigest): Promise<readonly Referrer[]> {
    try {
      const { bytes } = await this.manifest(name, fallbackTag(subject));
      return (JSON.parse(bytes.toString()) as { manifests?: readonly Referrer[] | null }).manifests ?? [];
    } catch (error) {
      if (asRegistryError(error).code === 'MANIFEST_UNKNOWN') return [];
      throw error;
    }
  }

  /** What the upstream says; while it cannot be asked, what is here, if anything is. */
  async #orWhatIsHere<T>(ask: () => Promise<T>, here: () => Promise<T>): Promise<T> {
    try {
      return await this.#ask(ask);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const found = await here().catch(() => undefined);
      if (found === undefined) throw error;
      this.#registry.log.warn('the upstream is not asked: what is here is answered', { error });
      return found;
    }
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw error instanceof RegistryError ? error : new UpstreamError(error);
    }
  }

  [Symbol.dispose](): void {
    this.#onEnd();
    this.#end.abort();
  }
}

/** The upstream could not be asked, or refused. */
class UpstreamError extends RegistryError {
  constructor(cause: unknown) {
    super('UNAVAILABLE', { message: `the upstream registry: ${(cause as Error).message}`, cause });
  }
}

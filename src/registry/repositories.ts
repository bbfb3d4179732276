import type { Digest } from '#oci';
import { digestHex, isDigest } from '#oci';
import type { NameStore } from './deps.ts';

const layers = (name: string, digest?: Digest) => `${name}/_layers/sha256${digest ? `/${digestHex(digest)}` : ''}`;
const revisions = (name: string, digest?: Digest) =>
  `${name}/_manifests/revisions/sha256${digest ? `/${digestHex(digest)}` : ''}`;
const tags = (name: string, tag?: string) => `${name}/_manifests/tags${tag === undefined ? '' : `/${tag}`}`;
const referrers = (name: string, subject: Digest, digest?: Digest) =>
  `${name}/_manifests/referrers/sha256/${digestHex(subject)}${digest ? `/${digestHex(digest)}` : ''}`;

/**
 * What each repository links: blobs, manifests, tags, referrers. Its names are those of Docker's registry; `referrers`,
 * which that one has not, lies where it does not look.
 */
export class Repositories {
  readonly #names: NameStore;

  constructor(names: NameStore) {
    this.#names = names;
  }

  async hasBlob(name: string, digest: Digest): Promise<boolean> {
    return (await this.#names.read(layers(name, digest))) !== undefined;
  }

  linkBlob(name: string, digest: Digest): Promise<void> {
    return this.#names.write(layers(name, digest), digest);
  }

  unlinkBlob(name: string, digest: Digest): Promise<void> {
    return this.#names.remove(layers(name, digest));
  }

  async hasManifest(name: string, digest: Digest): Promise<boolean> {
    return (await this.#names.read(revisions(name, digest))) !== undefined;
  }

  linkManifest(name: string, digest: Digest): Promise<void> {
    return this.#names.write(revisions(name, digest), digest);
  }

  /** The manifest that a tag means. */
  async resolve(name: string, tag: string): Promise<Digest | undefined> {
    const text = (await this.#names.read(`${tags(name, tag)}/current`))?.trim();
    return isDigest(text) ? text : undefined;
  }

  async tag(name: string, tag: string, digest: Digest): Promise<void> {
    await this.#names.write(`${tags(name, tag)}/index/sha256/${digestHex(digest)}`, digest);
    await this.#names.write(`${tags(name, tag)}/current`, digest);
  }

  untag(name: string, tag: string): Promise<void> {
    return this.#names.remove(tags(name, tag));
  }

  tags(name: string): Promise<string[]> {
    return this.#names.list(tags(name));
  }

  /** Removes a manifest from the repository, with all tags that mean it; tells these. */
  async unlinkManifest(name: string, digest: Digest): Promise<string[]> {
    const gone: string[] = [];
    for (const tag of await this.tags(name)) {
      if ((await this.resolve(name, tag)) !== digest) continue;
      await this.untag(name, tag);
      gone.push(tag);
    }
    await this.#names.remove(revisions(name, digest));
    return gone;
  }

  addReferrer(name: string, subject: Digest, digest: Digest): Promise<void> {
    return this.#names.write(referrers(name, subject, digest), digest);
  }

  removeReferrer(name: string, subject: Digest, digest: Digest): Promise<void> {
    return this.#names.remove(referrers(name, subject, digest));
  }

  async referrers(name: string, subject: Digest): Promise<Digest[]> {
    return digests(await this.#names.list(referrers(name, subject)));
  }

  async blobs(name: string): Promise<Digest[]> {
    return digests(await this.#names.list(layers(name)));
  }

  async manifests(name: string): Promise<Digest[]> {
    return digests(await this.#names.list(revisions(name)));
  }

  /** Whether anything was ever pushed there. */
  async exists(name: string): Promise<boolean> {
    return (await this.#names.list(name)).some((part) => part.startsWith('_'));
  }

  /** All repositories that hold manifests, sorted. */
  async list(): Promise<string[]> {
    return (await this.#walk('', '_manifests')).sort();
  }

  /** All repositories, also those of blobs alone. */
  async listAll(): Promise<string[]> {
    return (await this.#walk('', '_')).sort();
  }

  async #walk(name: string, mark: string): Promise<string[]> {
    const parts = await this.#names.list(name);
    const below = parts.filter((part) => !part.startsWith('_'));
    const found: string[] = parts.some((part) => part.startsWith(mark)) && name !== '' ? [name] : [];
    for (const part of below) found.push(...(await this.#walk(name === '' ? part : `${name}/${part}`, mark)));
    return found;
  }
}

const digests = (names: readonly string[]) => names.map((hex) => `sha256:${hex}`).filter(isDigest);

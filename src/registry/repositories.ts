import type { AnyDigest, Digest } from '#oci';
import { digestHex, isAnyDigest, isDigest } from '#oci';
import type { NameStore } from './deps.ts';

/** `sha256:ab…` as a path: `sha256/ab…`. */
const asPath = (digest: AnyDigest) => digest.replace(':', '/');
const layers = (name: string, digest: AnyDigest) => `${name}/_layers/${asPath(digest)}`;
const revisions = (name: string, digest: AnyDigest) => `${name}/_manifests/revisions/${asPath(digest)}`;
const tags = (name: string, tag?: string) => `${name}/_manifests/tags${tag === undefined ? '' : `/${tag}`}`;
const referrers = (name: string, subject: AnyDigest) => `${name}/_manifests/referrers/${asPath(subject)}`;

/** Told of what a repository links no more. */
type OnUnlink = (name: string, kind: 'blob' | 'manifest', digest: Digest) => void;

/**
 * What each repository links: blobs, manifests, tags, referrers. Its names are those of Docker's registry; `referrers`,
 * which that one has not, lies where it does not look. Content is kept by its SHA-256; what a client calls by its SHA-512
 * has a link under that name too, which tells the other.
 */
export class Repositories {
  readonly #names: NameStore;
  readonly #onUnlink: OnUnlink;

  constructor(names: NameStore, onUnlink: OnUnlink = () => {}) {
    this.#names = names;
    this.#onUnlink = onUnlink;
  }

  /** By which digest a blob that is linked here is stored; undefined when none is. */
  async blobOf(name: string, digest: AnyDigest): Promise<Digest | undefined> {
    return await this.#stored(digest, (each) => layers(name, each));
  }

  /** Links a blob, under `alias` too where the client calls it so. */
  async linkBlob(name: string, digest: Digest, alias: AnyDigest = digest): Promise<void> {
    await this.#names.write(layers(name, digest), digest);
    if (alias !== digest) await this.#names.write(layers(name, alias), digest);
  }

  async unlinkBlob(name: string, digest: Digest): Promise<void> {
    await this.#names.remove(layers(name, digest));
    this.#onUnlink(name, 'blob', digest);
  }

  /** By which digest a manifest that is linked here is stored; undefined when none is. */
  async manifestOf(name: string, digest: AnyDigest): Promise<Digest | undefined> {
    return await this.#stored(digest, (each) => revisions(name, each));
  }

  async linkManifest(name: string, digest: Digest, alias: AnyDigest = digest): Promise<void> {
    await this.#names.write(revisions(name, digest), digest);
    if (alias !== digest) await this.#names.write(revisions(name, alias), digest);
  }

  async #stored(digest: AnyDigest, link: (digest: AnyDigest) => string): Promise<Digest | undefined> {
    const text = (await this.#names.read(link(digest)))?.trim();
    if (text === undefined || isDigest(digest)) return text === undefined ? undefined : (digest as Digest);
    // The other link decides: it is the one that deleting removes.
    return isDigest(text) && (await this.#names.read(link(text))) !== undefined ? text : undefined;
  }

  /** The manifest that a tag means, as who tagged it called it. */
  async resolve(name: string, tag: string): Promise<AnyDigest | undefined> {
    const text = (await this.#names.read(`${tags(name, tag)}/current`))?.trim();
    return isAnyDigest(text) ? text : undefined;
  }

  async tag(name: string, tag: string, digest: AnyDigest): Promise<void> {
    await this.#names.write(`${tags(name, tag)}/index/${asPath(digest)}`, digest);
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
      const meant = await this.resolve(name, tag);
      if (!meant || (await this.manifestOf(name, meant)) !== digest) continue;
      await this.untag(name, tag);
      gone.push(tag);
    }
    await this.#names.remove(revisions(name, digest));
    this.#onUnlink(name, 'manifest', digest);
    return gone;
  }

  /** Notes that a manifest, called `alias` by its client, has this subject. */
  addReferrer(name: string, subject: AnyDigest, digest: Digest, alias: AnyDigest): Promise<void> {
    return this.#names.write(`${referrers(name, subject)}/${digestHex(digest)}`, alias);
  }

  removeReferrer(name: string, subject: AnyDigest, digest: Digest): Promise<void> {
    return this.#names.remove(`${referrers(name, subject)}/${digestHex(digest)}`);
  }

  /** Those that have this subject, as their clients call them. */
  async referrers(name: string, subject: AnyDigest): Promise<AnyDigest[]> {
    const found: AnyDigest[] = [];
    for (const hex of await this.#names.list(referrers(name, subject))) {
      const alias = (await this.#names.read(`${referrers(name, subject)}/${hex}`))?.trim();
      if (isAnyDigest(alias)) found.push(alias);
    }
    return found;
  }

  blobs(name: string): Promise<Digest[]> {
    return this.#digests(`${name}/_layers`);
  }

  manifests(name: string): Promise<Digest[]> {
    return this.#digests(`${name}/_manifests/revisions`);
  }

  async #digests(folder: string): Promise<Digest[]> {
    return (await this.#names.list(`${folder}/sha256`)).map((hex) => `sha256:${hex}`).filter(isDigest);
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

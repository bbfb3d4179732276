import type { Digest } from '#oci';
import { digestHex, isDigest } from '#oci';
import type { NameStore } from '../deps.ts';
import type { Registry } from '../registry.ts';

type Kind = 'blobs' | 'manifests';

const place = (name: string, kind: Kind, hex = '') => `${name}/_fetched/${kind}${hex && `/${hex}`}`;

/** When what is here was fetched. Written beside the links, where Docker's registry does not look. */
export class Expiry {
  readonly #registry: Registry;
  readonly #names: NameStore;
  readonly #ttlMs: number;

  /** `ttlMs` 0: nothing expires. */
  constructor(registry: Registry, ttlMs: number) {
    this.#registry = registry;
    this.#names = registry.storage.names;
    this.#ttlMs = ttlMs;
  }

  note(name: string, kind: Kind, digest: Digest): Promise<void> {
    return this.#names.write(place(name, kind, digestHex(digest)), String(Date.now()));
  }

  /** Removes what was fetched longer ago than it may be kept; tells how much. */
  async evict(now = Date.now()): Promise<number> {
    if (this.#ttlMs === 0) return 0;
    let gone = 0;
    for (const name of await this.#registry.repositories.listAll()) {
      for (const kind of ['manifests', 'blobs'] as const) gone += await this.#evictOf(name, kind, now - this.#ttlMs);
    }
    if (gone > 0) this.#registry.log.info('expired content is removed', { count: gone });
    return gone;
  }

  async #evictOf(name: string, kind: Kind, before: number): Promise<number> {
    let gone = 0;
    for (const hex of await this.#names.list(place(name, kind))) {
      const digest = `sha256:${hex}`;
      const fetched = Number(await this.#names.read(place(name, kind, hex)));
      if (fetched > before || !isDigest(digest)) continue;
      await this.#registry.evict(name, kind, digest);
      await this.#names.remove(place(name, kind, hex));
      gone++;
    }
    return gone;
  }
}

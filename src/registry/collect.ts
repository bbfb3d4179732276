import type { Digest } from '#oci';
import { isAnyDigest } from '#oci';
import { RegistryError } from './errors.ts';
import type { Registry } from './registry.ts';

/** What a collection found. */
export interface Collected {
  readonly blobs: number;
  readonly links: number;
  readonly bytes: number;
}

/**
 * Removes what no manifest refers to, while the registry serves. Taken is only what was there, unused, at the last
 * collection too, and that nobody asked for since: a push in between finds its blobs.
 */
export class Collector {
  readonly #registry: Registry;
  #before = new Set<string>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** `now`: nobody pushes meanwhile, so that one collection is enough. */
  async collect({ now = false } = {}): Promise<Collected> {
    const { repositories } = this.#registry;
    const asked = this.#registry.takeAsked();
    const after = new Set<string>();
    const linked = new Set<Digest>();
    let links = 0;
    for (const name of await repositories.listAll()) {
      const used = await this.#usedBy(name);
      for (const digest of used) linked.add(digest);
      for (const digest of await repositories.blobs(name)) {
        const key = `${name}@${digest}`;
        if (used.has(digest)) continue;
        if (!now && (!this.#before.has(key) || asked.has(key) || asked.has(digest))) {
          linked.add(digest);
          after.add(key);
          continue;
        }
        if (await this.#registry.unlinkUnused(name, digest)) links++;
        else linked.add(digest);
      }
    }
    const { blobs, bytes } = await this.#sweep(linked, { now, asked, after });
    this.#before = after;
    if (blobs + links > 0) this.#registry.log.info('collected', { blobs, links, bytes });
    return { blobs, links, bytes };
  }

  /** Everything that the manifests of a repository refer to, themselves included. */
  async #usedBy(name: string): Promise<Set<Digest>> {
    const { repositories } = this.#registry;
    const used = new Set<Digest>();
    for (const digest of await repositories.manifests(name)) {
      used.add(digest);
      const found = await this.#registry.manifest(name, digest).catch(orUnknown);
      const { blobs = [], manifests = [] } = found?.facts ?? {};
      for (const { digest: part } of [...blobs, ...manifests]) {
        const stored = isAnyDigest(part) && (await repositories.blobOf(name, part));
        if (stored) used.add(stored);
      }
    }
    return used;
  }

  async #sweep(linked: ReadonlySet<Digest>, { now, asked, after }: Sweep) {
    const { storage } = this.#registry;
    let [blobs, bytes] = [0, 0];
    for (const digest of await storage.blobs.list()) {
      if (linked.has(digest)) continue;
      if (!now && (!this.#before.has(digest) || asked.has(digest))) {
        after.add(digest);
        continue;
      }
      bytes += await this.#registry.discard(digest);
      blobs++;
    }
    return { blobs, bytes };
  }
}

/** One that is deleted meanwhile uses nothing; what cannot be read now may use anything. */
function orUnknown(error: unknown): undefined {
  if (!(error instanceof RegistryError) || error.code !== 'MANIFEST_UNKNOWN') throw error;
}

interface Sweep {
  readonly now: boolean;
  readonly asked: ReadonlySet<string>;
  readonly after: Set<string>;
}

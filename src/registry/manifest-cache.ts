import type { Digest } from '#oci';
import type { ManifestFacts } from './manifest.ts';

/** A manifest that is held in memory. */
export interface CachedManifest {
  readonly bytes: Buffer;
  readonly facts: ManifestFacts;
}

const LIMIT_BYTES = 32 * 2 ** 20;

/** The manifests read last; they never change. Whether a repository has one is not asked here. */
export class ManifestCache {
  readonly #entries = new Map<Digest, CachedManifest>();
  #bytes = 0;

  get(digest: Digest): CachedManifest | undefined {
    const found = this.#entries.get(digest);
    if (!found) return undefined;
    // The order of a map is that of insertion: the one not read for longest comes first.
    this.#entries.delete(digest);
    this.#entries.set(digest, found);
    return found;
  }

  add(digest: Digest, entry: CachedManifest): void {
    this.remove(digest);
    this.#entries.set(digest, entry);
    this.#bytes += entry.bytes.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= LIMIT_BYTES) return;
      this.remove(oldest);
    }
  }

  remove(digest: Digest): void {
    const found = this.#entries.get(digest);
    if (!found) return;
    this.#entries.delete(digest);
    this.#bytes -= found.bytes.length;
  }
}

import type { Digest } from '#oci';
import type { Storage } from './deps.ts';
import { RegistryError } from './errors.ts';
import type { Repositories } from './repositories.ts';

/** Bytes that one repository and all together may hold; 0: any number. */
export interface QuotaLimits {
  readonly repository: number;
  readonly total: number;
}

type Kind = 'blob' | 'manifest';

/**
 * How much the repositories hold. In each a blob counts once, in all together too, however many link it. What is deleted
 * counts no more at once, also before its bytes are collected.
 */
export class Quota {
  readonly #limits: QuotaLimits;
  readonly #repositories = new Map<string, { readonly sizes: Map<string, number>; bytes: number }>();
  readonly #blobs = new Map<Digest, { readonly size: number; links: number }>();
  #total = 0;

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  get isLimited(): boolean {
    return this.#limits.repository > 0 || this.#limits.total > 0;
  }

  /** Bytes held by a repository, and by all. */
  held(name: string): { readonly repository: number; readonly total: number } {
    return { repository: this.#repositories.get(name)?.bytes ?? 0, total: this.#total };
  }

  /** Counts what is there. Before anything is added. */
  async count(repositories: Repositories, { blobs }: Storage): Promise<void> {
    if (!this.isLimited) return;
    for (const name of await repositories.listAll()) {
      for (const digest of await repositories.blobs(name)) this.#enter(name, 'blob', digest, await blobs.size(digest));
      for (const digest of await repositories.manifests(name)) {
        this.#enter(name, 'manifest', digest, await blobs.size(digest));
      }
    }
  }

  /** Bytes that may still come into a repository while this many are on their way to any. */
  room(name: string, pending = 0): number {
    const { repository, total } = this.#limits;
    const held = this.held(name);
    return Math.min(
      repository > 0 ? repository - held.repository : Number.POSITIVE_INFINITY,
      total > 0 ? total - held.total - pending : Number.POSITIVE_INFINITY,
    );
  }

  /** Counts what is about to be linked. Throws when it is too much. */
  add(name: string, kind: Kind, digest: Digest, size: number): void {
    if (!this.isLimited || this.#repositories.get(name)?.sizes.has(`${kind} ${digest}`)) return;
    const isNew = !this.#blobs.has(digest);
    const { repository, total } = this.#limits;
    const held = this.held(name);
    const isTooMuch =
      (repository > 0 && held.repository + size > repository) || (total > 0 && isNew && held.total + size > total);
    if (isTooMuch) throw this.refusal(name, size);
    this.#enter(name, kind, digest, size);
  }

  remove(name: string, kind: Kind, digest: Digest): void {
    const held = this.#repositories.get(name);
    const size = held?.sizes.get(`${kind} ${digest}`);
    if (!held || size === undefined) return;
    held.sizes.delete(`${kind} ${digest}`);
    held.bytes -= size;
    if (held.sizes.size === 0) this.#repositories.delete(name);
    const blob = this.#blobs.get(digest)!;
    if (--blob.links > 0) return;
    this.#blobs.delete(digest);
    this.#total -= blob.size;
  }

  /** What whoever pushes too much is told. */
  refusal(name: string, size: number): RegistryError {
    const { repository, total } = this.#limits;
    const held = this.held(name);
    const isOwn = repository > 0 && held.repository + size > repository;
    const [whose, limit, used] = isOwn
      ? [`the repository ${name}`, repository, held.repository]
      : ['the registry', total, held.total];
    const message = `quota exceeded: ${whose} may hold ${limit} bytes and holds ${used}; ${size} more are too many`;
    return new RegistryError('DENIED', { message, detail: { name, quota: limit, held: used, asked: size } });
  }

  #enter(name: string, kind: Kind, digest: Digest, size = 0): void {
    const held = this.#repositories.get(name) ?? { sizes: new Map<string, number>(), bytes: 0 };
    this.#repositories.set(name, held);
    held.sizes.set(`${kind} ${digest}`, size);
    held.bytes += size;
    const blob = this.#blobs.get(digest) ?? { size, links: 0 };
    if (blob.links++ > 0) return;
    this.#blobs.set(digest, blob);
    this.#total += size;
  }
}

import { notFound } from '#errdefs';
import type { Container } from './record.ts';
import type { ContainerRows, Link } from './store.ts';

/** How long records stay in memory for the next who asks. */
const KEPT_MS = 5_000;
const MOST_KEPT = 1_000;

/**
 * Reads for those who ask again and again. As long as nothing at all was written they get the same objects as before, so
 * that what was made of them still holds. Not to be used within a transaction.
 */
export class RecentReads {
  readonly #rows: ContainerRows;
  readonly #changes: () => number;
  readonly #byReference = new Map<string, Container>();
  #list: readonly Container[] | undefined;
  #links: readonly Link[] | undefined;
  #at = -1;
  #timer: NodeJS.Timeout | undefined;

  constructor(rows: ContainerRows, changes: () => number) {
    this.#rows = rows;
    this.#changes = changes;
  }

  /** Newest first, without those whose create is under way. */
  list(): readonly Container[] {
    this.#refresh();
    this.#list ??= this.#rows.list();
    return this.#list;
  }

  links(): readonly Link[] {
    this.#refresh();
    this.#links ??= this.#rows.links();
    return this.#links;
  }

  /** The container that is meant. Throws Docker's "No such container". */
  read(reference: string): Container {
    this.#refresh();
    const known = this.#byReference.get(reference);
    if (known) return known;
    const container = this.#rows.get(this.#rows.resolve(reference));
    if (!container) throw notFound(`No such container: ${reference}`);
    if (this.#byReference.size < MOST_KEPT) this.#byReference.set(reference, container);
    return container;
  }

  #refresh(): void {
    const at = this.#changes();
    if (at !== this.#at) this.#forget();
    this.#at = at;
    this.#timer ??= setTimeout(() => this.#rest(), KEPT_MS).unref();
    this.#timer.refresh();
  }

  #rest(): void {
    this.#timer = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#list = undefined;
    this.#links = undefined;
    this.#byReference.clear();
  }
}

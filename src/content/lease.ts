import type { Digest } from '#oci';

/** Holds blobs against collection while an operation needs them; dies with the process, as the operation does. */
export class Lease implements Disposable {
  readonly #held = new Set<Digest>();
  readonly #onRelease: (lease: Lease) => void;

  constructor(onRelease: (lease: Lease) => void) {
    this.#onRelease = onRelease;
  }

  /** Holds one more blob, whether it exists yet or not. */
  hold(digest: Digest): void {
    this.#held.add(digest);
  }

  /** Lets go of one of them; the others stay held. */
  release(digest: Digest): void {
    this.#held.delete(digest);
  }

  holds(digest: Digest): boolean {
    return this.#held.has(digest);
  }

  get digests(): Iterable<Digest> {
    return this.#held;
  }

  [Symbol.dispose](): void {
    this.#onRelease(this);
  }
}

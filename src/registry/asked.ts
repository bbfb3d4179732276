/** What is asked for, so that it is not collected: since the last collection, and at this moment. Keys are the asker's. */
export class Asked {
  #since = new Set<string>();
  readonly #held = new Map<string, number>();

  note(key: string): void {
    this.#since.add(key);
  }

  /** Counts as asked for until it is disposed, however many collections that takes. */
  hold(key: string): Disposable {
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = this.#held.get(key)! - 1;
        if (left > 0) this.#held.set(key, left);
        else this.#held.delete(key);
      },
    };
  }

  has(key: string): boolean {
    return this.#since.has(key) || this.#held.has(key);
  }

  /** What was noted since this was called last. */
  take(): ReadonlySet<string> {
    const since = this.#since;
    this.#since = new Set();
    return since;
  }
}

import { Semaphore } from './semaphore.ts';

/** One holder at a time per key; keys cost nothing while nobody holds them. */
export class KeyedMutex {
  readonly #locks = new Map<string, Semaphore>();

  /** Waits until the key is free; disposing the result frees it. Rejects with the signal's reason when aborted first. */
  async lock(key: string, signal?: AbortSignal): Promise<Disposable> {
    const lock = this.#locks.get(key) ?? new Semaphore(1);
    this.#locks.set(key, lock);
    try {
      const held = await lock.acquire(signal);
      return {
        [Symbol.dispose]: () => {
          held[Symbol.dispose]();
          this.#forget(key, lock);
        },
      };
    } catch (error) {
      this.#forget(key, lock);
      throw error;
    }
  }

  isLocked(key: string): boolean {
    return this.#locks.has(key);
  }

  #forget(key: string, lock: Semaphore): void {
    if (lock.idle(1) && this.#locks.get(key) === lock) this.#locks.delete(key);
  }
}

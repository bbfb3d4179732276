interface Waiter {
  admit(): void;
}

/** Admits at most `limit` holders at once, first come first served. */
export class Semaphore {
  #free: number;
  readonly #queue: Waiter[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Waits for a place; disposing the result gives it back. Rejects with the signal's reason when aborted while waiting. */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release();
        held = false;
      },
    };
  }

  /** Whether nobody holds or waits, given the limit it was made with. */
  idle(limit: number): boolean {
    return this.#free === limit && this.#queue.length === 0;
  }

  #wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        reject(signal!.reason);
      };
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      this.#queue.push(waiter);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #release(): void {
    const next = this.#queue.shift();
    if (next) next.admit();
    else this.#free++;
  }
}

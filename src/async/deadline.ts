export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** A promise with its resolvers outside. */
export function deferred<T = void>(): Deferred<T> {
  return Promise.withResolvers<T>();
}

/** Rejects with `new Error(message)` when the promise is not settled within `ms` milliseconds; the work itself goes on. */
export function deadline<T>(promise: Promise<T>, ms: number, message: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new Error(message)), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
export function delay(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

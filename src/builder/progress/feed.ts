import type { StatusResponse } from '#buildkit';
import type { Partially } from '#protobuf';

/** What of a build's progress is kept for those who ask late. */
const MAX_BYTES = 64 * 1024 * 1024;

export type Update = Partially<typeof StatusResponse>;

/** The progress of one build from its beginning, for any number of readers, each at its own pace. */
export class Feed {
  readonly #updates: Update[] = [];
  #bytes = 0;
  #isEnded = false;
  #changed = Promise.withResolvers<void>();

  push(update: Update): void {
    if (this.#isEnded) return;
    const logged = update.logs?.reduce((sum, { msg }) => sum + (msg?.length ?? 0), 0) ?? 0;
    if (logged > 0 && this.#bytes + logged > MAX_BYTES) return;
    this.#bytes += logged;
    this.#updates.push(update);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  get all(): readonly Update[] {
    return this.#updates;
  }

  /** All that was told and will be told, several at once where a reader is behind. */
  async *read(signal: AbortSignal): AsyncGenerator<Update, void, undefined> {
    const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    for (let at = 0; ; ) {
      const changed = this.#changed.promise;
      if (at < this.#updates.length) {
        const end = Math.min(this.#updates.length, at + 100);
        yield merge(this.#updates.slice(at, end));
        at = end;
      } else if (this.#isEnded || signal.aborted) return;
      else await Promise.race([changed, gone]);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function merge(updates: readonly Update[]): Update {
  return {
    vertexes: updates.flatMap(({ vertexes = [] }) => vertexes),
    statuses: updates.flatMap(({ statuses = [] }) => statuses),
    logs: updates.flatMap(({ logs = [] }) => logs),
    warnings: updates.flatMap(({ warnings = [] }) => warnings),
  };
}

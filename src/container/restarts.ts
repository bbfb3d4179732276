import { removeAfterEnd } from './auto-remove.ts';
import type { Context } from './context.ts';
import { launch } from './launch.ts';
import { endOf } from './wait.ts';

/** The restarts that policies have ordered, and how long each container waited last. */
export class Restarts {
  readonly #context: () => Context;
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly at: number }>();
  readonly #backOffs = new Map<string, number>();

  constructor(context: () => Context) {
    this.#context = context;
  }

  /** The last wait of this container in ms; 0 when there was none. */
  lastBackOff(id: string): number {
    return this.#backOffs.get(id) ?? 0;
  }

  schedule(id: string, ms: number): void {
    this.#clear(id);
    this.#backOffs.set(id, ms);
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      this.#restart(id).catch((error) => this.#context().log.warn('restart failed', { container: id, error }));
    }, ms);
    this.#timers.set(id, { timer: timer.unref(), at: Date.now() + ms });
  }

  /** When its next restart is due, in ms since the epoch; undefined: none is. */
  dueAt(id: string): number | undefined {
    return this.#timers.get(id)?.at;
  }

  /** A verb of the user decides what happens now. The back-off is forgotten with the last timer. */
  cancel(id: string): void {
    if (this.#clear(id)) this.#backOffs.delete(id);
  }

  stop(): void {
    for (const id of [...this.#timers.keys()]) this.#clear(id);
  }

  async #restart(id: string): Promise<void> {
    const context = this.#context();
    using _ = await context.locks.lock(id);
    const container = context.rows.get(id);
    if (container?.status !== 'restarting') return;
    try {
      await launch(context, container, { verb: 'start' });
    } catch (error) {
      const failed = context.rows.get(id);
      if (failed) {
        context.waiters.exited(id, endOf(failed));
        removeAfterEnd(context, failed);
      }
      throw error;
    }
  }

  #clear(id: string): boolean {
    clearTimeout(this.#timers.get(id)?.timer);
    return this.#timers.delete(id);
  }
}

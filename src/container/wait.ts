import type { WaitCondition, WaitResponse } from '#api';
import { invalid } from '#errdefs';
import type { Container } from './record.ts';
import { isUp } from './record.ts';

type Resolve = (response: WaitResponse) => void;

interface Waiter {
  readonly condition: WaitCondition;
  readonly resolve: Resolve;
}

/** Who waits for the end or the removal of which container. In memory: a client that waits holds a connection. */
export class Waiters {
  readonly #byId = new Map<string, Set<Waiter>>();

  /**
   * Registers at the call, not at the first turn of the loop: what happens after it returns is not missed. Gives up
   * silently when the signal is aborted (the client has gone).
   */
  wait(container: Container, condition: WaitCondition, signal?: AbortSignal): Promise<WaitResponse> {
    if (condition === 'not-running' && !isUp(container)) return Promise.resolve(endOf(container));
    const { promise, resolve } = Promise.withResolvers<WaitResponse>();
    const waiter: Waiter = { condition, resolve };
    const waiters = this.#byId.get(container.id) ?? new Set();
    this.#byId.set(container.id, waiters.add(waiter));
    signal?.addEventListener('abort', () => this.#leave(container.id, waiter), { once: true });
    return promise;
  }

  /** The container's end is committed. Docker: who waits until it does not run is answered even if it is to come back. */
  exited(id: string, response: WaitResponse): void {
    this.#answer(id, response, ({ condition }) => condition !== 'removed');
  }

  /** The row is gone and the name is free: nothing of it can happen any more, so everybody is answered. */
  removed(id: string, response: WaitResponse): void {
    this.#answer(id, response, () => true);
  }

  /** How many wait, for tests of leaks. */
  get size(): number {
    return this.#byId.size;
  }

  #answer(id: string, response: WaitResponse, concerns: (waiter: Waiter) => boolean): void {
    for (const waiter of [...(this.#byId.get(id) ?? [])]) {
      if (!concerns(waiter)) continue;
      this.#leave(id, waiter);
      waiter.resolve(response);
    }
  }

  #leave(id: string, waiter: Waiter): void {
    const waiters = this.#byId.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#byId.delete(id);
  }
}

/** How a container ended, with the reason when it never got to run. */
export function endOf({ exitCode, error }: Pick<Container, 'exitCode' | 'error'>): WaitResponse {
  return error === '' ? { StatusCode: exitCode } : { StatusCode: exitCode, Error: { Message: error } };
}

/** The condition named in a query; empty means `not-running`. */
export function parseCondition(text: string): WaitCondition {
  switch (text) {
    case '':
    case 'not-running':
      return 'not-running';
    case 'next-exit':
    case 'removed':
      return text;
    default:
      throw invalid(`invalid condition: "${text}"`);
  }
}

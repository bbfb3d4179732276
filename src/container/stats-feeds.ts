import type { ContainerStats } from '#api';
import type { Context } from './context.ts';
import { following, look } from './stats.ts';

const INTERVAL_MS = 1_000;

type Subscriber = (stats: ContainerStats | undefined) => void;

interface Feed {
  readonly subscribers: Set<Subscriber>;
  timer: NodeJS.Timeout | undefined;
}

/** Containers that are looked at once a second, each once, however many clients are told. */
export class StatsFeeds {
  readonly #context: () => Context;
  readonly #feeds = new Map<string, Feed>();

  constructor(context: () => Context) {
    this.#context = context;
  }

  /** How many containers are being looked at. */
  get size(): number {
    return this.#feeds.size;
  }

  /** What is seen from now on, each with the look before; a slow reader misses some. Ends with the container or by signal. */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<ContainerStats> {
    const slot = new Slot();
    const end = () => slot.put(undefined);
    signal.addEventListener('abort', end, { once: true });
    this.#join(id, slot.put);
    let before: ContainerStats | undefined;
    try {
      while (!signal.aborted) {
        const now = await slot.take();
        if (!now || signal.aborted) return;
        yield following(before, now);
        before = now;
      }
    } finally {
      signal.removeEventListener('abort', end);
      this.#leave(id, slot.put);
    }
  }

  /** Ends all of them. */
  stop(): void {
    for (const id of [...this.#feeds.keys()]) this.#end(id);
  }

  #join(id: string, tell: Subscriber): void {
    const known = this.#feeds.get(id);
    if (known) {
      known.subscribers.add(tell);
      return;
    }
    const feed: Feed = { subscribers: new Set([tell]), timer: undefined };
    this.#feeds.set(id, feed);
    void this.#turn(id, feed);
  }

  #leave(id: string, tell: Subscriber): void {
    const feed = this.#feeds.get(id);
    if (feed?.subscribers.delete(tell) && feed.subscribers.size === 0) this.#end(id);
  }

  #end(id: string): void {
    const feed = this.#feeds.get(id);
    this.#feeds.delete(id);
    clearTimeout(feed?.timer);
    for (const tell of feed?.subscribers ?? []) tell(undefined);
  }

  /** One look after the other: one that takes long delays the next. */
  async #turn(id: string, feed: Feed): Promise<void> {
    const began = performance.now();
    const context = this.#context();
    const container = context.rows.get(id);
    if (!container) return this.#end(id);
    try {
      const stats = { name: `/${container.name}`, id, ...(await look(context, container)) };
      for (const tell of feed.subscribers) tell(stats);
    } catch (error) {
      context.log.warn('container not looked at', { container: id, error });
    }
    if (this.#feeds.get(id) !== feed) return;
    const wait = Math.max(0, INTERVAL_MS - (performance.now() - began));
    feed.timer = setTimeout(() => void this.#turn(id, feed), wait);
  }
}

/** Holds the latest value until it is taken; after undefined nothing comes. */
class Slot {
  #value: { readonly stats: ContainerStats | undefined } | undefined;
  #wake: (() => void) | undefined;

  readonly put = (stats: ContainerStats | undefined): void => {
    if (this.#value && this.#value.stats === undefined) return;
    this.#value = { stats };
    this.#wake?.();
  };

  async take(): Promise<ContainerStats | undefined> {
    while (!this.#value) await new Promise<void>((resolve) => (this.#wake = resolve));
    const { stats } = this.#value;
    if (stats) this.#value = undefined;
    return stats;
  }
}

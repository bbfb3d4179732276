import type { EventMessage, Filters } from '#api';
import { nowNano } from '#api';
import type { Store } from '#store';
import { matchesEvent } from './match.ts';
import { EventRows } from './store.ts';

/** Docker: past events come from a ring of 256; ours holds a few more, as a container's life is about ten of them. */
export const KEPT_EVENTS = 1024;
/** A subscriber further behind than this loses the oldest: events must not fill the memory of the daemon. */
const LAG_LIMIT = 10_000;

export type Actor = EventMessage['Actor'];

export interface Subscription {
  /** Replays kept events from this time on, in ns since the epoch; with neither it nor `until` only new ones come. */
  readonly since?: number;
  /** Ends the stream at this time, in ns since the epoch. */
  readonly until?: number;
  readonly filters?: Filters;
  readonly signal?: AbortSignal;
}

type Subscriber = (event: EventMessage) => void;

/** Records, keeps and publishes events. */
export class Events {
  readonly #store: Store;
  readonly #rows: EventRows;
  readonly #subscribers = new Set<Subscriber>();
  #lastNano = 0;
  #recorded = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#rows = new EventRows(store);
  }

  /** How many listen now. */
  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** How many were recorded since the start. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Inside a transaction: records the event with it and publishes it after the commit. */
  record(type: string, action: string, actor: Actor): void {
    const event = shape(type, action, actor, this.#now());
    this.#recorded++;
    this.#rows.insert(event.timeNano, JSON.stringify(event));
    this.#store.afterCommit(() => {
      for (const tell of this.#subscribers) tell(event);
    });
  }

  /** Events that match, past ones first; subscribed at the call, not at the first `next`. Ends by signal or `until`. */
  subscribe(subscription: Subscription = {}): AsyncIterableIterator<EventMessage> {
    const { since, until, filters = {} } = subscription;
    const feed = new Feed(subscription, (tell) => this.#subscribers.delete(tell));
    // Docker: who gives an end alone asks for all that is kept.
    if (since !== undefined || until !== undefined) {
      for (const text of this.#rows.since(since ?? 0)) feed.tell(JSON.parse(text) as EventMessage);
    }
    const isPast = until !== undefined && until <= Date.now() * 1e6;
    if (isPast) feed.end();
    else this.#subscribers.add(feed.tell);
    return feed.iterate((event) => matchesEvent(event, filters));
  }

  /** Strictly increasing, so that order by time is the order of the commits. */
  #now(): number {
    // Numbers near 2^60 are 256 apart: a smaller step would be lost.
    this.#lastNano = Math.max(Number(nowNano()), this.#lastNano + 256);
    return this.#lastNano;
  }
}

function shape(type: string, action: string, actor: Actor, timeNano: number): EventMessage {
  const legacy =
    type === 'container'
      ? { status: action, id: actor.ID, from: actor.Attributes.image ?? '' }
      : type === 'image'
        ? { status: action, id: actor.ID }
        : {};
  return {
    ...legacy,
    Type: type,
    Action: action,
    Actor: actor,
    scope: 'local',
    time: Math.floor(timeNano / 1e9),
    timeNano,
  };
}

/** One subscriber's queue. */
class Feed {
  readonly #queue: EventMessage[] = [];
  readonly #until: number;
  readonly #leave: () => void;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor({ until, signal }: Subscription, leave: (tell: Subscriber) => void) {
    this.#until = until ?? Number.POSITIVE_INFINITY;
    const remaining = this.#until / 1e6 - Date.now();
    const timer =
      until !== undefined && remaining > 0 ? setTimeout(() => this.end(), Math.min(remaining, 2 ** 31 - 1)) : undefined;
    const end = () => this.end();
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) this.#ended = true;
    this.#leave = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      leave(this.tell);
    };
  }

  readonly tell = (event: EventMessage): void => {
    if (this.#ended || event.timeNano > this.#until) return;
    this.#queue.push(event);
    if (this.#queue.length > LAG_LIMIT) this.#queue.shift();
    this.#wake?.();
  };

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *iterate(wanted: (event: EventMessage) => boolean): AsyncGenerator<EventMessage> {
    try {
      for (;;) {
        const event = this.#queue.shift();
        if (event) {
          if (wanted(event)) yield event;
        } else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#ended = true;
      this.#leave();
    }
  }
}

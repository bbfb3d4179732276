import type { ContainerStats, EventMessage } from '#api';
import type { Session } from '../session.ts';
import type { Watched } from './stats-list.ts';

interface Entry {
  readonly container: string;
  readonly cancel: AbortController;
  /** Settles with the first answer or with the end of it all; tells what went wrong before. */
  readonly first: Promise<string | undefined>;
  stats: ContainerStats | undefined;
}

/** The containers that are looked at, in the order in which they came. */
export class StatsWatch {
  readonly #session: Session;
  readonly #streams: boolean;
  readonly #entries = new Map<string, Entry>();

  constructor(session: Session, { streams }: { streams: boolean }) {
    this.#session = session;
    this.#streams = streams;
  }

  get size(): number {
    return this.#entries.size;
  }

  snapshot(): Watched[] {
    return [...this.#entries.values()].map(({ container, stats }) => ({ container, stats }));
  }

  /** Begins to look; nothing when it is looked at already. */
  add(container: string): void {
    if (this.#entries.has(container)) return;
    const cancel = new AbortController();
    const { promise: first, resolve } = Promise.withResolvers<string | undefined>();
    const entry: Entry = { container, cancel, first, stats: undefined };
    this.#entries.set(container, entry);
    void this.#read(entry, () => resolve(undefined)).then(
      () => resolve(undefined),
      (error: Error) => {
        entry.stats = undefined;
        resolve(error.message);
      },
    );
  }

  remove(container: string): void {
    this.#entries.get(container)?.cancel.abort();
    this.#entries.delete(container);
  }

  /** Waits until there is something to say of each; what went wrong, a line each. */
  async settled(): Promise<string[]> {
    const failures = await Promise.all([...this.#entries.values()].map(({ first }) => first));
    return failures.filter((failure) => failure !== undefined);
  }

  /** Containers come and go as the daemon tells; `all`: those that do not run stay. */
  async followEvents({ all }: { all: boolean }): Promise<void> {
    const filters = JSON.stringify({ type: { container: true } });
    const body = await this.#session.client.system.events({ filters });
    for await (const line of body.lines()) {
      if (line.trim() === '') continue;
      const { Action, Actor } = JSON.parse(line) as EventMessage;
      const id = Actor.ID.slice(0, 12);
      if (Action === 'start' || (all && Action === 'create')) this.add(id);
      else if (Action === 'destroy' || (!all && Action === 'die')) this.remove(id);
    }
  }

  async #read(entry: Entry, begun: () => void): Promise<void> {
    const { containers } = this.#session.client;
    const body = await containers.stats(entry.container, { stream: this.#streams }, entry.cancel.signal);
    for await (const line of body.lines()) {
      if (line.trim() === '') continue;
      entry.stats = JSON.parse(line) as ContainerStats;
      begun();
    }
    // Its stream ended: it is gone.
    if (this.#streams) this.#entries.delete(entry.container);
  }
}

import type { Statement, Store } from '#store';
import { KEPT_EVENTS } from './events.ts';

/** All SQL of the events. Old rows go every {@link TRIM_EVERY} inserts, so that an insert stays one statement. */
const TRIM_EVERY = 128;

export class EventRows {
  readonly #insert: Statement;
  readonly #since: Statement;
  readonly #trim: Statement;
  #inserted = 0;

  constructor(store: Store) {
    this.#insert = store.prepare('INSERT INTO events (time_nano, message) VALUES (?, ?)');
    this.#since = store.prepare('SELECT message FROM events WHERE time_nano >= ? ORDER BY seq');
    this.#trim = store.prepare(`DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ${KEPT_EVENTS}`);
  }

  insert(timeNano: number, message: string): void {
    this.#insert.run(BigInt(timeNano), message);
    if (++this.#inserted % TRIM_EVERY === 0) this.#trim.run();
  }

  since(timeNano: number): string[] {
    return this.#since.all(BigInt(Math.trunc(timeNano))).map((row) => row.message as string);
  }
}

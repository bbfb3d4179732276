import type { Row, Store } from '#store';

/** A volume as the database has it; `created` in s since the epoch. */
export interface VolumeRecord {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly options: Readonly<Record<string, string>> | null;
  readonly created: number;
}

/** The rows of volumes. Writes belong into a transaction. */
export class VolumeRows {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(name: string): VolumeRecord | undefined {
    const row = this.#store.prepare('SELECT name, labels, options, created FROM volumes WHERE name = ?').get(name);
    return row && record(row);
  }

  /** Every volume, by name. */
  all(): VolumeRecord[] {
    return this.#store.prepare('SELECT name, labels, options, created FROM volumes ORDER BY name').all().map(record);
  }

  insert({ name, labels, options, created }: VolumeRecord): void {
    const json = (value: object | null) => (value ? JSON.stringify(value) : null);
    this.#store
      .prepare('INSERT INTO volumes (name, labels, options, created) VALUES (?, ?, ?, ?)')
      .run(name, json(labels), json(options), created);
  }

  delete(name: string): void {
    this.#store.prepare('DELETE FROM volumes WHERE name = ?').run(name);
  }
}

function record(row: Row): VolumeRecord {
  const parse = (text: unknown) => (text === null ? null : (JSON.parse(text as string) as Record<string, string>));
  return {
    name: row.name as string,
    labels: parse(row.labels),
    options: parse(row.options),
    created: row.created as number,
  };
}

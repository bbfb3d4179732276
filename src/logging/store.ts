import type { Store } from '#store';
import type { Place } from './read.ts';

/** How far the log of each container that has a sink was delivered. */
export class Cursors {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(containerId: string): Place | undefined {
    const row = this.#store
      .prepare('SELECT inode, "offset", entry_nano FROM log_cursors WHERE container_id = ?')
      .get(containerId);
    if (!row) return undefined;
    return { inode: BigInt(row.inode as string), offset: Number(row.offset), time: BigInt(row.entry_nano as string) };
  }

  /** Does nothing when the container is gone. */
  set(containerId: string, { inode, offset, time }: Place): void {
    this.#store.tx(() =>
      this.#store
        .prepare(
          `INSERT INTO log_cursors (container_id, inode, "offset", entry_nano)
           SELECT id, ?, ?, ? FROM containers WHERE id = ?
           ON CONFLICT (container_id)
           DO UPDATE SET inode = excluded.inode, "offset" = excluded."offset", entry_nano = excluded.entry_nano`,
        )
        .run(inode.toString(), offset, time.toString(), containerId),
    );
  }
}

import type { LayerRef } from '#image';
import type { Digest } from '#oci';
import type { Row, Store } from '#store';

/** A step's result as the database has it. */
export interface CachedStep {
  /** Digest of what the step depends on. */
  readonly id: string;
  readonly type: string;
  readonly description: string;
  /** All layers that the step leaves, base first. */
  readonly chain: readonly LayerRef[];
  /** Whether the last of them is the step's own; else it changed nothing. */
  readonly own: boolean;
  /** Bytes of its own layer. */
  readonly size: number;
  readonly parents: readonly string[];
  /** Ms since the epoch. */
  readonly createdAt: number;
  readonly usedAt: number;
  readonly uses: number;
}

const COLUMNS = 'id, type, description, chain, own, size, parents, created_at, used_at, uses';

/** The rows of the build cache. Writes belong into a transaction. */
export class CacheRows {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(id: string): CachedStep | undefined {
    const row = this.#store.prepare(`SELECT ${COLUMNS} FROM build_cache WHERE id = ?`).get(id);
    return row && record(row);
  }

  /** Every result, the longest unused first. */
  all(): CachedStep[] {
    return this.#store.prepare(`SELECT ${COLUMNS} FROM build_cache ORDER BY used_at, created_at`).all().map(record);
  }

  put(step: CachedStep): void {
    const { id, type, description, chain, own, size, parents, createdAt, usedAt, uses } = step;
    this.delete(id);
    this.#store
      .prepare(`INSERT INTO build_cache (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(
        ...[id, type, description, JSON.stringify(chain), own ? 1 : 0, size],
        ...[JSON.stringify(parents), createdAt, usedAt, uses],
      );
    const insert = this.#store.prepare(
      'INSERT INTO build_cache_layers (id, chain_id, descriptor) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    for (const { chainId, descriptor } of chain) insert.run(id, chainId, JSON.stringify(descriptor));
  }

  used(id: string, now: number): void {
    this.#store.prepare('UPDATE build_cache SET used_at = ?, uses = uses + 1 WHERE id = ?').run(now, id);
  }

  delete(id: string): void {
    this.#store.prepare('DELETE FROM build_cache WHERE id = ?').run(id);
  }

  keeps(chainId: Digest): boolean {
    return (
      this.#store.prepare('SELECT 1 FROM build_cache_layers WHERE chain_id = ? LIMIT 1').get(chainId) !== undefined
    );
  }

  /** Every layer that a result needs. */
  layers(): Pick<LayerRef, 'chainId' | 'descriptor'>[] {
    return this.#store
      .prepare('SELECT DISTINCT chain_id, descriptor FROM build_cache_layers')
      .all()
      .map((row) => ({ chainId: row.chain_id as Digest, descriptor: JSON.parse(row.descriptor as string) }));
  }
}

function record(row: Row): CachedStep {
  return {
    id: row.id as string,
    type: row.type as string,
    description: row.description as string,
    chain: JSON.parse(row.chain as string) as LayerRef[],
    own: row.own === 1,
    size: row.size as number,
    parents: JSON.parse(row.parents as string) as string[],
    createdAt: row.created_at as number,
    usedAt: row.used_at as number,
    uses: row.uses as number,
  };
}

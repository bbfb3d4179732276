/** One result that the cache keeps, as it is shown. */
export interface CacheRecord {
  readonly id: string;
  /** `regular`, `source.local`, `exec.cachemount`, `frontend`, `internal`, as Docker names them. */
  readonly type: string;
  readonly description: string;
  readonly parents: readonly string[];
  readonly inUse: boolean;
  /** Images use it too: pruning it frees nothing. */
  readonly shared: boolean;
  readonly size: number;
  /** Ms since the epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  readonly usageCount: number;
}

export interface PruneOptions {
  /** Also what frees nothing or belongs to the builder itself. */
  readonly all: boolean;
  /** Kept at least, kept at most, and how much of the disk stays free, in bytes; 0: no matter. */
  readonly reservedSpace: number;
  readonly maxUsedSpace: number;
  readonly minFreeSpace: number;
  /** As in `docker builder prune --filter`: until, id, parent, type, description, inuse, shared, private. */
  readonly filters: ReadonlyMap<string, readonly string[]>;
}

export interface PruneReport {
  readonly removed: readonly CacheRecord[];
  readonly reclaimed: number;
}

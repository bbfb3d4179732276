import type { Digest } from '#oci';

/** One result that the cache keeps. */
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

/** A result of a step: a stack of layers. */
export interface LayerRef {
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** Bytes of its unpacked files. */
  readonly size: number;
  /** Its blob in the content store. */
  readonly blob: Digest;
  readonly blobSize: number;
}

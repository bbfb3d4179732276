import type { Builder, CacheRecord } from '#build';
import { timestamp } from '#buildkit';
import type { ContextFolders } from '../files/folders.ts';

export interface CacheDeps {
  readonly builder: Pick<Builder, 'diskUsage' | 'prune'>;
  readonly folders: ContextFolders;
}

/** Everything that building keeps: the builder's results, and copies of clients' folders. */
export function allRecords({ builder, folders }: CacheDeps): CacheRecord[] {
  const copies = folders.list().map(
    ({ id, size, inUse, createdAt, usedAt, uses }): CacheRecord => ({
      ...{ id, type: 'source.local', description: 'local source for context', parents: [], inUse, shared: false },
      ...{ size, createdAt, lastUsedAt: usedAt, usageCount: uses },
    }),
  );
  return [...builder.diskUsage(), ...copies];
}

/** A record as BuildKit tells it. */
export function usageOf({ id, type, description, parents, ...record }: CacheRecord) {
  const { inUse, shared, size, createdAt, lastUsedAt, usageCount } = record;
  return {
    ...{ id, mutable: type === 'source.local' || type === 'exec.cachemount', inUse, size, usageCount, description },
    ...{ recordType: type, shared, parents: [...parents] },
    createdAt: timestamp(createdAt),
    lastUsedAt: lastUsedAt === undefined ? undefined : timestamp(lastUsedAt),
  };
}

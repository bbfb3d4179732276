import type { CacheRecord } from '#build';
import type { PruneRequest } from '#buildkit';
import type { Message } from '#protobuf';
import { cacheFilter } from './filter.ts';
import type { CacheDeps } from './usage.ts';
import { allRecords } from './usage.ts';

/** Removes what a BuildKit client asks to be removed, and tells of it. */
export async function prune(deps: CacheDeps, request: Message<typeof PruneRequest>): Promise<readonly CacheRecord[]> {
  const matches = cacheFilter(request.filter);
  // What has been used since is kept.
  const before = request.keepDuration > 0 ? Date.now() - request.keepDuration / 1e6 : undefined;
  const isOld = ({ lastUsedAt, createdAt }: CacheRecord) => before === undefined || (lastUsedAt ?? createdAt) < before;
  const isWanted = (record: CacheRecord) => matches(record) && isOld(record) && !record.inUse;
  const doomed = allRecords(deps).filter(isWanted);
  const copies = doomed.filter(({ type }) => type === 'source.local');
  const hasRoom = request.reservedSpace > 0 || request.maxUsedSpace > 0 || request.minFreeSpace > 0;
  if (!hasRoom) await deps.folders.remove(new Set(copies.map(({ id }) => id)));
  const filters = new Map(filtersFor(request, doomed));
  if (doomed.length === copies.length && !hasRoom) return copies;
  const { removed } = await deps.builder.prune({
    all: request.all,
    reservedSpace: request.reservedSpace,
    maxUsedSpace: request.maxUsedSpace,
    minFreeSpace: request.minFreeSpace,
    filters,
  });
  return hasRoom ? removed : [...removed, ...copies];
}

/** The builder knows Docker's filters; those of containerd are resolved here. */
function filtersFor({ filter, keepDuration }: Message<typeof PruneRequest>, doomed: readonly CacheRecord[]) {
  const isFiltered = filter.some((text) => text !== '');
  const own: [string, string[]][] = isFiltered ? [['id', doomed.map(({ id }) => id)]] : [];
  return keepDuration > 0 ? [...own, ['until', [`${Math.floor(keepDuration / 1e6)}ms`]] as [string, string[]]] : own;
}

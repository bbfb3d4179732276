import { statfs } from 'node:fs/promises';
import { invalid } from '#errdefs';
import { failpoint } from '#sys';
import type { CacheRecord, PruneOptions, PruneReport } from './cache-record.ts';
import type { Context } from './context.ts';
import type { CachedStep } from './store.ts';

/** What the cache holds, the longest unused first. */
export function records({ rows, images }: Pick<Context, 'rows' | 'images'>): CacheRecord[] {
  const needed = images.liveLayersOfImages();
  return rows
    .all()
    .filter(({ type }) => type !== 'internal')
    .map((step) => recordOf(step, needed));
}

function recordOf(step: CachedStep, needed: ReadonlySet<string>): CacheRecord {
  const last = step.chain.at(-1);
  return {
    ...{ id: step.id.slice('sha256:'.length).slice(0, ID_LENGTH), type: step.type, description: step.description },
    ...{ parents: step.parents, inUse: false, size: step.size, createdAt: step.createdAt },
    shared: last !== undefined && needed.has(last.chainId),
    lastUsedAt: step.uses > 0 ? step.usedAt : undefined,
    usageCount: step.uses,
  };
}

/** Removes results from the cache, the longest unused first, until the budget is kept; with `all` and no filter also mounts. */
export async function prune(context: Context, options: PruneOptions): Promise<PruneReport> {
  const results = await pruneResults(context, options);
  const isEverything = options.all && options.filters.size === 0 && options.maxUsedSpace + options.reservedSpace === 0;
  const mounts = isEverything ? await context.mounts.prune() : [];
  const removed = mounts.map(
    ({ name, size }): CacheRecord => ({
      ...{
        id: name.slice(0, ID_LENGTH),
        type: 'exec.cachemount',
        description: 'cached mount',
        parents: [],
        inUse: false,
      },
      ...{ shared: false, size, createdAt: 0, lastUsedAt: undefined, usageCount: 0 },
    }),
  );
  const reclaimed = mounts.reduce((sum, { size }) => sum + size, results.reclaimed);
  return { removed: [...results.removed, ...removed], reclaimed };
}

const ID_LENGTH = 25;

async function pruneResults(context: Context, options: PruneOptions): Promise<PruneReport> {
  const { rows, images, store } = context;
  const matches = filterOf(options.filters);
  const needed = images.liveLayersOfImages();
  const steps = rows.all();
  const all = steps.filter(({ type }) => type !== 'internal').map((step) => ({ step, record: recordOf(step, needed) }));
  let total = all.reduce((sum, { record }) => sum + record.size, 0);
  const budget = Math.max(options.maxUsedSpace, options.reservedSpace);
  const chosen = all.filter(({ record }) => {
    // Docker: without `all` what images share stays.
    if (!matches(record) || (!options.all && record.shared)) return false;
    if (budget > 0 && total <= budget) return false;
    total -= record.size;
    return true;
  });
  if (chosen.length === 0) return { removed: [], reclaimed: 0 };
  // Other keys of the same results go with them.
  const results = new Set(chosen.map(({ step }) => step.chain.at(-1)?.chainId));
  const others = steps.filter(({ type, chain }) => type === 'internal' && results.has(chain.at(-1)?.chainId));
  store.tx(() => {
    for (const { id } of [...chosen.map(({ step }) => step), ...others]) rows.delete(id);
  });
  failpoint('build.prune.forgotten');
  await store.durable();
  const chains = new Set(chosen.flatMap(({ step }) => step.chain.map(({ chainId }) => chainId).reverse()));
  await images.removeLayers([...chains]);
  const reclaimed = chosen.reduce((sum, { record }) => sum + (record.shared ? 0 : record.size), 0);
  return { removed: chosen.map(({ record }) => record), reclaimed };
}

/** Docker's shares of the disk: what a cache may take in any case, at most, and what stays free. */
const [RESERVED, LARGEST, FREE] = [0.1, 0.6, 0.2];

/** Keeps the cache from filling the disk; for the end of a build. */
export async function keepWithin(context: Context): Promise<void> {
  const { bsize, blocks, bavail } = await statfs(context.folder);
  const disk = bsize * blocks;
  const used = context.rows.all().reduce((sum, { size }) => sum + size, 0);
  const isFull = bsize * bavail < disk * FREE;
  const limit = disk * (isFull ? RESERVED : LARGEST);
  if (used <= limit) return;
  const budget = { all: true, reservedSpace: 0, maxUsedSpace: limit, minFreeSpace: 0, filters: new Map() };
  const { reclaimed } = await prune(context, budget);
  context.log.info('build cache pruned', { reclaimed, limit });
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function filterOf(filters: PruneOptions['filters']): (record: CacheRecord) => boolean {
  const tests = [...filters].flatMap(([key, values]) => values.map((value) => testOf(key, value)));
  return (record) => tests.every((test) => test(record));
}

function testOf(key: string, value: string): (record: CacheRecord) => boolean {
  const flag = value === '' || value === 'true' || value === '1';
  switch (key) {
    case 'until':
    case 'unused-for': {
      const limit = Date.now() - duration(value);
      return ({ lastUsedAt, createdAt }) => (lastUsedAt ?? createdAt) < limit;
    }
    case 'id':
      return ({ id }) => id.startsWith(value);
    case 'parent':
    case 'parents':
      return ({ parents }) => parents.includes(value);
    case 'type':
      return ({ type }) => type === value;
    case 'description':
      return ({ description }) => description.includes(value);
    case 'inuse':
      return ({ inUse }) => inUse === flag;
    case 'shared':
      return ({ shared }) => shared === flag;
    case 'private':
      return ({ shared }) => shared !== flag;
    case 'label':
      // Docker: it is let pass, because system prune passes it on, and no record has any.
      return () => true;
    default:
      throw invalid(`invalid filter '${key}'`);
  }
}

function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text) {
    const at = Date.parse(text);
    if (Number.isNaN(at)) throw invalid(`invalid duration ${JSON.stringify(text)}`);
    return Date.now() - at;
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unit === 'ms' ? 1 : UNITS[unit!]!), 0);
}

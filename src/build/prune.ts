import { statfs } from 'node:fs/promises';
import { invalid } from '#errdefs';
import { failpoint } from '#sys';
import type { CacheMount } from './cache-mounts.ts';
import type { CacheRecord, PruneOptions, PruneReport } from './cache-record.ts';
import type { Context } from './context.ts';
import type { CachedStep } from './store.ts';

/** What the cache holds, the longest unused first. */
export function records(context: Pick<Context, 'rows' | 'images' | 'mounts'>): CacheRecord[] {
  return held(context).map(({ record }) => record);
}

/** Something that is kept: the result of a step, or a folder that steps keep things in. */
interface Held {
  readonly record: CacheRecord;
  readonly step?: CachedStep;
  readonly mount?: string;
}

function held({ rows, images, mounts }: Pick<Context, 'rows' | 'images' | 'mounts'>): Held[] {
  const needed = images.liveLayersOfImages();
  const steps = rows.all().filter(({ type }) => type !== 'internal');
  const all: Held[] = [
    ...steps.map((step) => ({ step, record: recordOf(step, needed) })),
    ...mounts.list().map((mount) => ({ mount: mount.name, record: recordOfMount(mount) })),
  ];
  const time = ({ record: { lastUsedAt, createdAt } }: Held) => lastUsedAt ?? createdAt;
  return all.sort((a, b) => time(a) - time(b));
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

function recordOfMount({ name, description, size, inUse, createdAt, usedAt, uses }: CacheMount): CacheRecord {
  // One that is private to a step has a number at its end.
  const [hex = name, number] = name.split('-');
  const id = number === undefined ? hex.slice(0, ID_LENGTH) : `${hex.slice(0, ID_LENGTH - 4)}x${number}`;
  return {
    ...{ id, type: 'exec.cachemount', description, parents: [], inUse, shared: false, size, createdAt },
    ...{ lastUsedAt: usedAt || undefined, usageCount: uses },
  };
}

const ID_LENGTH = 25;

/** Removes what matches, the longest unused first, until the budget is kept; what is in use stays. */
export async function prune(context: Context, options: PruneOptions): Promise<PruneReport> {
  const matches = filterOf(options.filters);
  const all = held(context);
  let total = all.reduce((sum, { record }) => sum + record.size, 0);
  const budget = Math.max(options.maxUsedSpace, options.reservedSpace);
  const chosen = all.filter(({ record }) => {
    // Docker: without `all` what images share stays.
    if (!matches(record) || record.inUse || (!options.all && record.shared)) return false;
    if (budget > 0 && total <= budget) return false;
    total -= record.size;
    return true;
  });
  await pruneResults(
    context,
    chosen.flatMap(({ step }) => (step ? [step] : [])),
  );
  const gone = new Set(await context.mounts.remove(chosen.flatMap(({ mount }) => (mount ? [mount] : []))));
  const removed = chosen.filter(({ mount }) => mount === undefined || gone.has(mount)).map(({ record }) => record);
  return { removed, reclaimed: removed.reduce((sum, { shared, size }) => sum + (shared ? 0 : size), 0) };
}

async function pruneResults({ rows, images, store }: Context, chosen: readonly CachedStep[]): Promise<void> {
  if (chosen.length === 0) return;
  // Other keys of the same results go with them.
  const results = new Set(chosen.map(({ chain }) => chain.at(-1)?.chainId));
  const others = rows.all().filter(({ type, chain }) => type === 'internal' && results.has(chain.at(-1)?.chainId));
  store.tx(() => {
    for (const { id } of [...chosen, ...others]) rows.delete(id);
  });
  failpoint('build.prune.forgotten');
  await store.durable();
  const chains = new Set(chosen.flatMap(({ chain }) => chain.map(({ chainId }) => chainId).reverse()));
  await images.removeLayers([...chains]);
}

/** Docker's shares of the disk: what a cache may take in any case, at most, and what stays free. */
const [RESERVED, LARGEST, FREE] = [0.1, 0.6, 0.2];

/** Keeps the cache from filling the disk; for the end of a build. */
export async function keepWithin(context: Context): Promise<void> {
  const { bsize, blocks, bavail } = await statfs(context.folder);
  const disk = bsize * blocks;
  const used = held(context).reduce((sum, { record }) => sum + record.size, 0);
  const isFull = bsize * bavail < disk * FREE;
  const limit = disk * (isFull ? RESERVED : LARGEST);
  if (used <= limit) return;
  const budget = { all: true, reservedSpace: 0, maxUsedSpace: limit, minFreeSpace: 0, filters: new Map() };
  const { reclaimed } = await prune(context, budget);
  context.log.info('build cache pruned', { reclaimed, limit });
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function filterOf(filters: PruneOptions['filters']): (record: CacheRecord) => boolean {
  const tests = [...filters].map(([key, values]) => values.map((value) => testOf(key, value)));
  return (record) => tests.every((any) => any.some((test) => test(record)));
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

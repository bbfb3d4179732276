import type { ContainerPruneReport, Filters } from '#api';
import { checkFilters, filterValues, matchesLabels, parseUntil } from '#api';
import { conflict, invalid, isKind } from '#errdefs';
import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { remove } from './remove.ts';

let pruning = false;

/** Removes all stopped containers that pass; one prune at a time. */
export async function prune(context: Context, filters: Filters): Promise<ContainerPruneReport> {
  checkFilters(filters, ['until', 'label', 'label!']);
  const isOld = untilTest(filterValues(filters, 'until'));
  if (pruning) throw conflict('a prune operation is already running');
  pruning = true;
  try {
    return await pruneMatching(context, (container) => isOld(container) && hasLabels(container, filters));
  } finally {
    pruning = false;
  }
}

async function pruneMatching(
  context: Context,
  matches: (container: Container) => boolean,
): Promise<ContainerPruneReport> {
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const { id } of context.rows.list().filter((container) => isDown(container) && matches(container))) {
    const size = await pruneOne(context, id);
    if (size === undefined) continue;
    reclaimed += size;
    deleted.push(id);
  }
  context.store.tx(() =>
    context.events.record('container', 'prune', { ID: '', Attributes: { reclaimed: String(reclaimed) } }),
  );
  return { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed };
}

/** Bytes gained; undefined when it is gone or runs by now. */
async function pruneOne(context: Context, id: string): Promise<number | undefined> {
  using _ = await context.locks.lock(id);
  const container = context.rows.get(id);
  if (!container || !isDown(container)) return undefined;
  const { size } = await context.snapshots.usage(id);
  try {
    await remove(context, container, { force: false, volumes: false, link: false });
  } catch (error) {
    if (!isKind(error, 'conflict')) throw error;
    return undefined;
  }
  return size;
}

function isDown({ status }: Container): boolean {
  return status === 'created' || status === 'exited' || status === 'dead';
}

function hasLabels({ spec }: Container, filters: Filters): boolean {
  const labels = spec.config.Labels;
  const unwanted = filterValues(filters, 'label!');
  return (
    matchesLabels(filterValues(filters, 'label'), labels) &&
    (unwanted.length === 0 || !unwanted.some((label) => matchesLabels([label], labels)))
  );
}

/** Created before a time, or longer ago than a duration. */
function untilTest(values: readonly string[]): (container: Container) => boolean {
  if (values.length > 1) throw invalid('more than one until filter specified');
  const [text] = values;
  if (text === undefined) return () => true;
  const limit = parseUntil(text);
  return ({ createdNano }) => createdNano < limit;
}

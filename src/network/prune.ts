import type { Filters } from '#api';
import { checkFilters, filterValues, matchesLabels, parseNano, parseUntil } from '#api';
import { conflict, invalid } from '#errdefs';
import { failpoint } from '#sys';
import { recordOf } from './bridge-network.ts';
import type { Context } from './context.ts';
import { isUnused } from './list.ts';
import { takeAway } from './remove-network.ts';
import type { NetworkRow } from './store.ts';

const pruning = new WeakSet<Context>();

/** Removes the networks of the user's that no running container is in; one prune at a time. */
export async function prune(context: Context, filters: Filters): Promise<{ NetworksDeleted: string[] | null }> {
  const accepts = pruneFilter(filters);
  if (pruning.has(context)) throw conflict('a prune operation is already running');
  pruning.add(context);
  try {
    using _ = await context.changes.acquire();
    const { rows, events } = context;
    const unused = rows.networks().filter((row) => isPrunable(row) && isUnused(context, row.id) && accepts(row));
    if (unused.length > 0) await takeAway(context, unused);
    rows.tx(() => events.record('network', 'prune', { ID: '', Attributes: { reclaimed: '0' } }));
    failpoint('network.prune.told');
    return { NetworksDeleted: unused.length > 0 ? unused.map(({ name }) => name) : null };
  } finally {
    pruning.delete(context);
  }
}

/** Docker: what only holds a configuration stays, whether a network uses it or not. */
const isPrunable = (row: NetworkRow) => row.settings !== '' && !recordOf(row)!.configOnly;

function pruneFilter(filters: Filters): (row: NetworkRow) => boolean {
  checkFilters(filters, ['label', 'label!', 'until']);
  const untils = filterValues(filters, 'until');
  if (untils.length > 1) throw invalid('more than one until filter specified');
  const until = untils[0] === undefined ? undefined : untilOf(untils[0]);
  return (row) => {
    const { labels } = recordOf(row)!;
    const refused = filterValues(filters, 'label!');
    return (
      (until === undefined || parseNano(row.created)! < until) &&
      matchesLabels(filterValues(filters, 'label'), labels) &&
      (refused.length === 0 || !matchesLabels(refused, labels))
    );
  };
}

/** Docker: a time that cannot be read is no error here; for us nothing is older than it. */
function untilOf(text: string): bigint {
  try {
    return parseUntil(text);
  } catch {
    return 0n;
  }
}

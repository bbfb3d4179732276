import type { Command } from '../command.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import type { Filters, Pruned } from '../format/pruned.ts';
import { printPruned } from '../format/pruned.ts';
import type { Session } from '../session.ts';

/** Removes all stopped containers. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'filter', kind: 'filter', usage: 'Provide filter values (e.g. "until=<timestamp>")' },
    { name: 'force', short: 'f', kind: 'bool', usage: 'Do not prompt for confirmation' },
  ],
  run: async (session, { flags }) => {
    const warning = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue?';
    if (!flags.bool('force')) confirm(session, warning);
    printPruned(session, [await pruneContainers(session, flags.filters())]);
    return 0;
  },
};

/** Removes them and says which. */
export async function pruneContainers(session: Session, filters: Filters): Promise<Pruned> {
  const report = await session.client.containers.prune(encodeFilters(filters));
  const ids = report.ContainersDeleted ?? [];
  const text = ids.length > 0 ? `Deleted Containers:\n${ids.map((id) => `${id}\n`).join('')}` : '';
  return { text, bytes: report.SpaceReclaimed };
}

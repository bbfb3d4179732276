import type { Command } from '../command.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import type { Filters, Pruned } from '../format/pruned.ts';
import { printPruned } from '../format/pruned.ts';
import type { Session } from '../session.ts';

/** Removes volumes that no container uses. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', usage: 'Remove all unused volumes, not just anonymous ones' },
    { name: 'filter', kind: 'filter', usage: 'Provide filter values (e.g. "label=<label>")' },
    { name: 'force', short: 'f', kind: 'bool', usage: 'Do not prompt for confirmation' },
  ],
  run: async (session, { flags }) => {
    const all = flags.bool('all');
    const filters = { ...flags.filters() };
    if (all && filters['all']) throw new Error('conflicting options: cannot specify both --all and --filter all=1');
    const what = all ? 'all local volumes' : 'anonymous local volumes';
    const warning = `WARNING! This will remove ${what} not used by at least one container.\nAre you sure you want to continue?`;
    if (!flags.bool('force')) confirm(session, warning);
    printPruned(session, [await pruneVolumes(session, all ? { ...filters, all: ['true'] } : filters)]);
    return 0;
  },
};

/** Removes them and says which. */
export async function pruneVolumes({ client }: Session, filters: Filters): Promise<Pruned> {
  const { VolumesDeleted, SpaceReclaimed } = await client.volumes.prune(encodeFilters(filters));
  const names = VolumesDeleted ?? [];
  const text = names.length > 0 ? `Deleted Volumes:\n${names.map((name) => `${name}\n`).join('')}` : '';
  return { text, bytes: SpaceReclaimed };
}

import type { Command } from '../command.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import type { Filters, Pruned } from '../format/pruned.ts';
import { listed } from '../format/pruned.ts';
import type { Session } from '../session.ts';

/** Removes all networks that nobody uses. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'filter', kind: 'filter', usage: 'Provide filter values (e.g. "until=<timestamp>")' },
    { name: 'force', short: 'f', kind: 'bool', usage: 'Do not prompt for confirmation' },
  ],
  run: async (session, { flags }) => {
    const warning =
      'WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?';
    if (!flags.bool('force')) confirm(session, warning);
    const { text } = await pruneNetworks(session, flags.filters());
    if (text !== '') session.out(`${text}\n`);
    return 0;
  },
};

/** Removes them and says which. */
export async function pruneNetworks({ client }: Session, filters: Filters): Promise<Pruned> {
  type Report = { NetworksDeleted: string[] | null };
  const { NetworksDeleted } = await client.objects.prune<Report>('network', encodeFilters(filters));
  return { text: listed('Deleted Networks', NetworksDeleted), bytes: 0 };
}

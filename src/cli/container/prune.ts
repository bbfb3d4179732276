import type { Command } from '../command.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { humanSize } from '../format/size.ts';

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
    const report = await session.client.containers.prune(encodeFilters(flags.filters()));
    const ids = report.ContainersDeleted ?? [];
    if (ids.length > 0) session.out(`Deleted Containers:\n${ids.map((id) => `${id}\n`).join('')}\n`);
    session.out(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`);
    return 0;
  },
};

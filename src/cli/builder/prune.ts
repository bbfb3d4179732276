import type { Command } from '../command.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { printPruned } from '../format/pruned.ts';

const DANGLING = 'WARNING! This will remove all dangling build cache. Are you sure you want to continue?';
const ALL = 'WARNING! This will remove all build cache. Are you sure you want to continue?';

/** Removes what building keeps. */
export const command: Command = {
  usage: '',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', usage: 'Remove all unused build cache, not just dangling ones' },
    { name: 'filter', kind: 'filter', usage: 'Provide filter values (e.g. "until=24h")' },
    { name: 'force', short: 'f', kind: 'bool', usage: 'Do not prompt for confirmation' },
    { name: 'keep-storage', kind: 'bytes', usage: 'Amount of disk space to keep for cache' },
  ],
  run: async (session, { flags }) => {
    const all = flags.bool('all');
    if (!flags.bool('force')) confirm(session, all ? ALL : DANGLING);
    const query = {
      all,
      filters: encodeFilters(flags.filters()),
      ...(flags.number('keep-storage') > 0 && { 'keep-storage': flags.number('keep-storage') }),
    };
    const request = { method: 'POST', path: '/build/prune', query } as const;
    const report = await session.client.transport.json<{ CachesDeleted: string[] | null; SpaceReclaimed: number }>(
      request,
    );
    const ids = report.CachesDeleted ?? [];
    const text = ids.length > 0 ? `Deleted build cache objects:\n${ids.map((id) => `${id}\n`).join('')}` : '';
    printPruned(session, [{ text, bytes: report.SpaceReclaimed }]);
    return 0;
  },
};

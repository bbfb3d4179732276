import type { ImageDeleteItem } from '#api';
import type { Command } from '../command.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import type { Filters, Pruned } from '../format/pruned.ts';
import { printPruned } from '../format/pruned.ts';
import type { Session } from '../session.ts';

/** Removes images without a name, or all that no container uses. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', usage: 'Remove all unused images, not just dangling ones' },
    { name: 'filter', kind: 'filter', usage: 'Provide filter values (e.g. "until=<timestamp>")' },
    { name: 'force', short: 'f', kind: 'bool', usage: 'Do not prompt for confirmation' },
  ],
  run: async (session, { flags }) => {
    const all = flags.bool('all');
    const what = all ? 'all images without at least one container associated to them' : 'all dangling images';
    const warning = `WARNING! This will remove ${what}.\nAre you sure you want to continue?`;
    if (!flags.bool('force')) confirm(session, warning);
    printPruned(session, [await pruneImages(session, flags.filters(), { all })]);
    return 0;
  },
};

/** Removes them and says which; `all`: those with a name too. */
export async function pruneImages(session: Session, filters: Filters, { all }: { all: boolean }): Promise<Pruned> {
  const report = await session.client.images.prune(encodeFilters({ ...filters, dangling: [String(!all)] }));
  const items = report.ImagesDeleted ?? [];
  const text = items.length > 0 ? `Deleted Images:\n${items.map(line).join('')}` : '';
  return { text, bytes: report.SpaceReclaimed };
}

function line(item: ImageDeleteItem): string {
  return 'Untagged' in item && item.Untagged
    ? `untagged: ${item.Untagged}\n`
    : `deleted: ${(item as { Deleted: string }).Deleted}\n`;
}

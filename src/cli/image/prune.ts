import type { ImageDeleteItem } from '#api';
import type { Command } from '../command.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { humanSize } from '../format/size.ts';

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
    const filters = { ...flags.filters(), dangling: [String(!all)] };
    const report = await session.client.images.prune(encodeFilters(filters));
    const items = report.ImagesDeleted ?? [];
    if (items.length > 0) session.out(`Deleted Images:\n${items.map(line).join('')}\n`);
    session.out(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`);
    return 0;
  },
};

function line(item: ImageDeleteItem): string {
  return 'Untagged' in item && item.Untagged
    ? `untagged: ${item.Untagged}\n`
    : `deleted: ${(item as { Deleted: string }).Deleted}\n`;
}

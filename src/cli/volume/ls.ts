import type { Command } from '../command.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { tableFormat } from '../flags/format-flag.ts';
import { renderList } from '../format/list.ts';
import { volumeList } from './volume-list.ts';

/** Lists volumes. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'filter', short: 'f', kind: 'filter', usage: 'Provide filter values (e.g. "dangling=true")' },
    tableFormat,
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Only display volume names' },
  ],
  run: async (session, { flags }) => {
    const { Volumes } = await session.client.volumes.list(encodeFilters(flags.filters()));
    const byName = new Intl.Collator('en', { numeric: true }).compare;
    const sorted = (Volumes ?? []).toSorted((a, b) => byName(a.Name, b.Name));
    const format = flags.text('format') || (flags.bool('quiet') ? '' : (session.config.volumesFormat ?? ''));
    if (flags.bool('quiet') && format === '') session.out(sorted.map(({ Name }) => `${Name}\n`).join(''));
    else session.out(await renderList(volumeList, sorted, format));
    return 0;
  },
};

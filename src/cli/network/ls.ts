import type { Command } from '../command.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { tableFormat } from '../flags/format-flag.ts';
import { renderList } from '../format/list.ts';
import { networkList } from './network-list.ts';

/** Lists networks. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'filter', short: 'f', kind: 'filter', usage: 'Provide filter values (e.g. "driver=bridge")' },
    tableFormat,
    { name: 'no-trunc', kind: 'bool', usage: 'Do not truncate the output' },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Only display network IDs' },
  ],
  run: async (session, { flags }) => {
    const networks = await session.client.networks.list(encodeFilters(flags.filters()));
    networks.sort((a, b) => (a.Name < b.Name ? -1 : 1));
    const list = networkList({ trunc: !flags.bool('no-trunc') });
    if (flags.bool('quiet') && flags.text('format') === '') {
      session.out(networks.map((network) => `${list.fields['ID']?.get(network)}\n`).join(''));
    } else session.out(await renderList(list, networks, flags.text('format')));
    return 0;
  },
};

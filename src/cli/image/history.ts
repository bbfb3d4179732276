import type { HistoryItem } from '#api';
import { humanDuration } from '#api';
import type { Command } from '../command.ts';
import { tableFormat } from '../flags/format-flag.ts';
import type { ListFormat } from '../format/list.ts';
import { renderList } from '../format/list.ts';
import { humanSize } from '../format/size.ts';
import { ellipsis, shortId } from '../format/text.ts';
import { rfc3339 } from '../format/time.ts';
import { platformJson } from '../options/platform.ts';

/** Lists the steps that an image was made in. */
export const command: Command = {
  usage: '[OPTIONS] IMAGE',
  operands: { least: 1, most: 1 },
  flags: [
    tableFormat,
    {
      name: 'human',
      short: 'H',
      kind: 'bool',
      usage: 'Print sizes and dates in human readable format',
      shown: 'true',
      initial: true,
    },
    { name: 'no-trunc', kind: 'bool', usage: "Don't truncate output" },
    {
      name: 'platform',
      kind: 'string',
      usage: 'Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Only show image IDs' },
  ],
  run: async (session, { flags, operands: [name = ''] }) => {
    const platform = platformJson(flags.text('platform'));
    const items = await session.client.images.history(name, { platform });
    const list = historyList({ trunc: !flags.bool('no-trunc'), human: flags.bool('human'), now: Date.now() });
    if (flags.bool('quiet')) session.out(items.map((item) => `${list.fields['ID']?.get(item)}\n`).join(''));
    else session.out(await renderList(list, items, flags.text('format')));
    return 0;
  },
};

/** How the steps are listed. */
export function historyList(options: { trunc: boolean; human: boolean; now: number }): ListFormat<HistoryItem> {
  const { trunc, human, now } = options;
  const created = (item: HistoryItem) => (item.Created <= -62135596800 ? '' : rfc3339(item.Created));
  const since = (item: HistoryItem) => {
    if (!human) return created(item);
    return item.Created <= -62135596800 ? 'N/A' : `${humanDuration(Math.max(0, now / 1000 - item.Created))} ago`;
  };
  const by = (item: HistoryItem) => {
    const text = item.CreatedBy.replaceAll('\t', ' ');
    return trunc ? ellipsis(text, 45) : text;
  };
  return {
    type: 'image.historyContext',
    columns: ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment'],
    fields: {
      ID: { header: 'IMAGE', get: ({ Id }) => (trunc ? shortId(Id) : Id) },
      CreatedAt: { header: 'CREATED AT', get: created },
      CreatedSince: { header: human ? 'CREATED' : 'CREATED AT', get: since },
      CreatedBy: { header: 'CREATED BY', get: by },
      Size: { header: 'SIZE', get: ({ Size }) => (human ? humanSize(Size, 3) : String(Size)) },
      Comment: { header: 'COMMENT', get: ({ Comment }) => Comment },
    },
  };
}

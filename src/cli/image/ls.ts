import type { Command, CommandInput } from '../command.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { tableFormat } from '../flags/format-flag.ts';
import { renderList } from '../format/list.ts';
import type { Session } from '../session.ts';
import { imageList, imageRows } from './image-list.ts';

/** Lists images. */
export const command: Command = {
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  operands: { least: 0, most: 1 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', usage: 'Show all images (default hides intermediate images)' },
    { name: 'digests', kind: 'bool', usage: 'Show digests' },
    { name: 'filter', short: 'f', kind: 'filter', usage: 'Filter output based on conditions provided' },
    tableFormat,
    { name: 'no-trunc', kind: 'bool', usage: "Don't truncate output" },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Only show image IDs' },
    { name: 'tree', kind: 'bool', usage: 'List multi-platform images as a tree (EXPERIMENTAL)' },
  ],
  run,
};

async function run(session: Session, { flags, operands }: CommandInput): Promise<number> {
  const filters = { ...flags.filters(), ...(operands[0] !== undefined && { reference: [operands[0]] }) };
  if (flags.bool('tree')) throw new Error('tree is not supported by this daemon');
  const quiet = flags.bool('quiet');
  const digests = flags.bool('digests');
  const images = await session.client.images.list({ all: flags.bool('all'), filters: encodeFilters(filters) });
  const list = imageList({ trunc: !flags.bool('no-trunc'), digests, now: Date.now() });
  const format = quiet ? '' : flags.text('format') || (session.config.imagesFormat ?? '');
  const needsDigest = digests || format.includes('{{.Digest}}') || format.includes('{{ .Digest }}');
  const rows = images.flatMap((image) => imageRows(image, { digests, needsDigest }));
  if (quiet) session.out(rows.map((row) => `${list.fields['ID']?.get(row)}\n`).join(''));
  else session.out(await renderList(list, rows, format));
  return 0;
}

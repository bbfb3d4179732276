import type { DiskUsage } from '#api';
import type { Command, CommandInput } from '../command.ts';
import { tableFormat } from '../flags/format-flag.ts';
import { renderList } from '../format/list.ts';
import type { Session } from '../session.ts';
import { detailText, formatDetails } from './df-details.ts';
import { partList, parts } from './df-parts.ts';

/** Shows what takes up the disk. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    tableFormat,
    { name: 'verbose', short: 'v', kind: 'bool', usage: 'Show detailed information on space usage' },
  ],
  run,
};

async function run(session: Session, { flags }: CommandInput): Promise<number> {
  const usage = filled(await session.client.system.diskUsage());
  const format = flags.text('format').trim();
  if (!flags.bool('verbose')) session.out(await renderList(partList, parts(usage), format));
  else if (format === '' || format.startsWith('table')) session.out(detailText(usage, Date.now()));
  else session.out(await formatDetails(usage, format, Date.now()));
  return 0;
}

/** All of it, with lists in place of null. */
export type Usage = { [Key in keyof DiskUsage]: NonNullable<DiskUsage[Key]> };

function filled({ LayersSize, Images, Containers, Volumes, BuildCache }: DiskUsage): Usage {
  return {
    LayersSize,
    Images: Images ?? [],
    Containers: Containers ?? [],
    Volumes: Volumes ?? [],
    BuildCache: BuildCache ?? [],
  };
}

import type { Command, CommandInput } from '../command.ts';
import { pruneContainers } from '../container/prune.ts';
import { confirm } from '../flags/confirm.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import type { Filters, Pruned } from '../format/pruned.ts';
import { listed, printPruned } from '../format/pruned.ts';
import { pruneImages } from '../image/prune.ts';
import { pruneNetworks } from '../network/prune.ts';
import type { Session } from '../session.ts';
import { pruneVolumes } from '../volume/prune.ts';

/** Removes whatever nobody uses. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', usage: 'Remove all unused images not just dangling ones' },
    { name: 'filter', kind: 'filter', usage: 'Provide filter values (e.g. "label=<key>=<value>")' },
    { name: 'force', short: 'f', kind: 'bool', usage: 'Do not prompt for confirmation' },
    { name: 'volumes', kind: 'bool', usage: 'Prune anonymous volumes' },
  ],
  run,
};

async function run(session: Session, input: CommandInput): Promise<number> {
  const { flags } = input;
  const [all, volumes, filters] = [flags.bool('all'), flags.bool('volumes'), flags.filters()];
  if (volumes && filters['until']) throw new Error('ERROR: The "until" filter is not supported with "--volumes"');
  if (!flags.bool('force')) confirm(session, warning(input));
  const removed = [await pruneContainers(session, filters), await pruneNetworks(session, filters)];
  if (volumes) removed.push(await pruneVolumes(session, filters));
  removed.push(await pruneImages(session, filters, { all }), await pruneCache(session, filters));
  printPruned(session, removed);
  return 0;
}

function warning({ flags }: CommandInput): string {
  const all = flags.bool('all');
  const volumes = 'all anonymous volumes not used by at least one container';
  const images = all ? 'all images without at least one container associated to them' : 'all dangling images';
  const what = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(flags.bool('volumes') ? [volumes] : []),
    images,
    all ? 'all build cache' : 'unused build cache',
  ];
  const filters = Object.entries(flags.filters()).flatMap(([key, values]) => values.map((value) => `${key}=${value}`));
  const lines = (items: readonly string[]) => items.map((item) => `  - ${item}\n`).join('');
  const filtered = filters.length > 0 ? `\n  Items to be pruned will be filtered with:\n${lines(filters.sort())}` : '';
  return `WARNING! This will remove:\n${lines(what)}${filtered}\nAre you sure you want to continue?`;
}

async function pruneCache({ client }: Session, filters: Filters): Promise<Pruned> {
  type Report = { CachesDeleted: string[] | null; SpaceReclaimed: number };
  const report = await client.objects.prune<Report>('build', encodeFilters(filters));
  return { text: listed('Deleted build cache objects', report.CachesDeleted), bytes: report.SpaceReclaimed };
}

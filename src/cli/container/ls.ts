import type { Value } from '#template/value';
import type { Command, CommandInput } from '../command.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { tableFormat } from '../flags/format-flag.ts';
import { compileFormat, renderList, rethrow } from '../format/list.ts';
import type { Session } from '../session.ts';
import { containerList } from './container-list.ts';

/** Lists containers. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', usage: 'Show all containers (default shows just running)' },
    { name: 'filter', short: 'f', kind: 'filter', usage: 'Filter output based on conditions provided' },
    tableFormat,
    {
      name: 'last',
      short: 'n',
      kind: 'int',
      usage: 'Show n last created containers (includes all states)',
      shown: '-1',
      initial: -1,
    },
    { name: 'latest', short: 'l', kind: 'bool', usage: 'Show the latest created container (includes all states)' },
    { name: 'no-trunc', kind: 'bool', usage: "Don't truncate output" },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Only display container IDs' },
    { name: 'size', short: 's', kind: 'bool', usage: 'Display total file sizes' },
  ],
  run,
};

async function run(session: Session, { flags }: CommandInput): Promise<number> {
  const quiet = flags.bool('quiet');
  const given = flags.text('format');
  const format = given || (quiet ? '' : (session.config.psFormat ?? ''));
  if (quiet && given) session.err('WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
  const size = flags.bool('size') || (!quiet && (await wantsSize(format)));
  const limit = flags.bool('latest') && !flags.changed('last') ? 1 : flags.number('last');
  const items = await session.client.containers.list({
    all: flags.bool('all'),
    ...(limit > 0 && { limit }),
    ...(size && { size }),
    filters: encodeFilters(flags.filters()),
  });
  const list = containerList({ trunc: !flags.bool('no-trunc'), size: flags.bool('size'), now: Date.now() });
  if (quiet) session.out(items.map((item) => `${list.fields['ID']?.get(item)}\n`).join(''));
  else session.out(await renderList(list, items, format));
  return 0;
}

/** Whether a template looks at the sizes, which cost the daemon much; found by running it over an empty container. */
async function wantsSize(format: string): Promise<boolean> {
  if (!format.includes('{{')) return false;
  const body = format.startsWith('table') ? format.slice(5).trim() : format;
  const template = await compileFormat(body).catch((error: Error) => {
    throw new Error(error.message.replace('template parsing error', 'failed to parse template'));
  });
  const { GoStruct } = await import('#template/value');
  let asked = false;
  const note = (text: string) => {
    asked = true;
    return text;
  };
  const names = Object.keys(containerList({ trunc: true, size: false, now: 0 }).fields);
  const fields: Record<string, Value> = Object.fromEntries(names.map((name) => [name, '']));
  Object.defineProperty(fields, 'Size', { get: () => note('') });
  fields['Label'] = () => '';
  const probe = new GoStruct('*formatter.ContainerContext', fields, { toGoJson: () => note('{}') });
  rethrow('failed to execute template', () => template.run(probe));
  return asked;
}

import type { Command } from '../command.ts';
import { tableFormat } from '../flags/format-flag.ts';
import type { ListFormat } from '../format/list.ts';
import { renderList } from '../format/list.ts';
import type { Session } from '../session.ts';
import { defaultContext, listContexts } from './store.ts';

interface Row {
  name: string;
  current: boolean;
  description: string;
  host: string;
  error: string;
}

const list: ListFormat<Row> = {
  type: 'formatter.clientContextContext',
  fields: {
    Current: { header: '', get: ({ current }) => current },
    Description: { header: 'DESCRIPTION', get: ({ description }) => description },
    DockerEndpoint: { header: 'DOCKER ENDPOINT', get: ({ host }) => host },
    Error: { header: 'ERROR', get: ({ error }) => error },
    Name: { header: 'NAME', get: ({ name }) => name },
  },
  columns: ['Name', 'Description', 'DockerEndpoint', 'Error'],
};
/** Docker: the plain table marks the context in force, templates do not. */
const marked: ListFormat<Row> = {
  ...list,
  fields: { ...list.fields, Name: { header: 'NAME', get: ({ name, current }) => (current ? `${name} *` : name) } },
};

/** Lists contexts. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [tableFormat, { name: 'quiet', short: 'q', kind: 'bool', usage: 'Only show context names' }],
  run: async (session, { flags }) => {
    const found = rows(session);
    if (flags.bool('quiet')) session.out(found.map(({ name }) => `${name}\n`).join(''));
    else {
      const format = flags.text('format');
      session.out(await renderList(format === '' || format === 'table' ? marked : list, found, format));
    }
    if (session.env['DOCKER_HOST']) {
      session.err(
        'Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable.\n',
      );
    }
    return 0;
  },
};

function rows(session: Session): Row[] {
  const current = session.contextName;
  const own: Row = {
    name: defaultContext,
    current: current === defaultContext,
    description: 'Current DOCKER_HOST based configuration',
    host: session.defaultHost,
    error: '',
  };
  const others = listContexts(session.configDir).map(({ Name, Metadata, Endpoints }) => ({
    name: Name,
    current: Name === current,
    description: String(Metadata['Description'] ?? ''),
    host: Endpoints['docker']?.Host ?? '',
    error: '',
  }));
  const known = [own, ...others];
  const missing = { name: current, current: true, description: '', host: '', error: 'context not found' };
  const all = known.some(({ name }) => name === current) ? known : [...known, missing];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

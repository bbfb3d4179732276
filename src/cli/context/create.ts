import type { Command } from '../command.ts';
import { copyEndpoint, endpointFlags, endpointHelp, readEndpoint } from './endpoint.ts';
import { checkName, contextExists, readContext, writeContext } from './store.ts';

const ofDefault = 'Current DOCKER_HOST based configuration';

/** Makes a context: a name for a daemon's address. */
export const command: Command = {
  usage: '[OPTIONS] CONTEXT',
  long: endpointHelp('create'),
  operands: { least: 1, most: 1 },
  flags: [...endpointFlags, { name: 'from', kind: 'string', usage: 'create context from a named context' }],
  run: async (session, { flags, operands: [name = ''] }) => {
    checkName(name);
    const { configDir } = session;
    if (contextExists(configDir, name)) throw new Error(`context "${name}" already exists`);
    const from = flags.text('from') || (flags.changed('docker') ? '' : session.contextName);
    const source = from && from !== 'default' ? readContext(configDir, from).Metadata : {};
    const description = flags.text('description') || String(source['Description'] ?? (from ? ofDefault : ''));
    const { endpoint, tls } = flags.changed('docker')
      ? readEndpoint(session, flags.map('docker'))
      : copyEndpoint(session, from);
    const Metadata = { ...source, ...(description && { Description: description }) };
    writeContext(configDir, { Name: name, Metadata, Endpoints: { docker: endpoint } }, tls);
    session.out(`${name}\n`);
    session.err(`Successfully created context "${name}"\n`);
    return 0;
  },
};

import type { Command } from '../command.ts';
import { endpointFlags, endpointHelp, readEndpoint } from './endpoint.ts';
import { checkName, readContext, writeContext } from './store.ts';

/** Changes a context's description or address. */
export const command: Command = {
  usage: '[OPTIONS] CONTEXT',
  long: endpointHelp('update'),
  operands: { least: 1, most: 1 },
  flags: endpointFlags,
  run: async (session, { flags, operands: [name = ''] }) => {
    checkName(name);
    const meta = readContext(session.configDir, name);
    const Metadata = flags.text('description')
      ? { ...meta.Metadata, Description: flags.text('description') }
      : meta.Metadata;
    const changed = flags.changed('docker') ? readEndpoint(session, flags.map('docker')) : undefined;
    const Endpoints = changed ? { ...meta.Endpoints, docker: changed.endpoint } : meta.Endpoints;
    writeContext(session.configDir, { ...meta, Metadata, Endpoints }, changed?.tls);
    session.out(`${name}\n`);
    session.err(`Successfully updated context "${name}"\n`);
    return 0;
  },
};

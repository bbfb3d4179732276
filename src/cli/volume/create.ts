import type { Command } from '../command.ts';
import { cut } from '../flags/read-flag.ts';

/** Makes a volume. */
export const command: Command = {
  usage: '[OPTIONS] [VOLUME]',
  operands: { least: 0, most: 1 },
  flags: [
    {
      name: 'driver',
      short: 'd',
      kind: 'string',
      usage: 'Specify volume driver name',
      initial: 'local',
      shown: '"local"',
    },
    { name: 'label', kind: 'list', usage: 'Set metadata for a volume' },
    { name: 'opt', short: 'o', kind: 'map', usage: 'Set driver specific options', shown: 'map[]' },
  ],
  run: async (session, { flags, operands: [Name] }) => {
    const { Name: name } = await session.client.volumes.create({
      ...(Name !== undefined && { Name }),
      Driver: flags.text('driver'),
      DriverOpts: flags.map('opt'),
      Labels: Object.fromEntries(flags.list('label').map((label) => cut(label, '='))),
    });
    session.out(`${name}\n`);
    return 0;
  },
};

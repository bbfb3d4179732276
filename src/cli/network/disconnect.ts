import type { Command } from '../command.ts';

/** Takes a container out of a network. */
export const command: Command = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  operands: { least: 2, most: 2 },
  flags: [{ name: 'force', short: 'f', kind: 'bool', usage: 'Force the container to disconnect from a network' }],
  run: async (session, { flags, operands }) => {
    const [network, Container] = operands as [string, string];
    await session.client.networks.disconnect(network, { Container, Force: flags.bool('force') });
    return 0;
  },
};

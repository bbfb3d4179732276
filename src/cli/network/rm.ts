import { DaemonError } from '#client';
import type { Command } from '../command.ts';
import { StatusError } from '../status-error.ts';

/** Removes networks. */
export const command: Command = {
  usage: 'NETWORK [NETWORK...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [{ name: 'force', short: 'f', kind: 'bool', usage: 'Do not error if the network does not exist' }],
  run: async (session, { flags, operands }) => {
    let status = 0;
    for (const name of operands) {
      try {
        await session.client.networks.remove(name);
        session.out(`${name}\n`);
      } catch (error) {
        if (!(error instanceof DaemonError)) throw error;
        if (flags.bool('force') && error.status === 404) continue;
        session.err(`${error.message}\n`);
        status = 1;
      }
    }
    // Docker: says so once more.
    if (status !== 0) throw new StatusError('exit status 1', 1);
    return 0;
  },
};

import type { Command } from '../command.ts';
import { eraseCredentials, serverKey } from './credentials.ts';

/** Forgets the credentials for a registry. */
export const command: Command = {
  usage: '[SERVER]',
  operands: { least: 0, most: 1 },
  flags: [],
  run: async (session, { operands: [server] }) => {
    const key = serverKey(server);
    session.out(`Removing login credentials for ${key}\n`);
    eraseCredentials(session, key);
    return 0;
  },
};

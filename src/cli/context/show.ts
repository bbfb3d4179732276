import type { Command } from '../command.ts';

/** Prints the name of the context in force. */
export const command: Command = {
  usage: '',
  operands: { least: 0, most: 0 },
  flags: [],
  run: async (session) => {
    session.out(`${session.contextName}\n`);
    return 0;
  },
};

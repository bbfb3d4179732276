import type { Command } from '../command.ts';

/** Gives a container another name. */
export const command: Command = {
  usage: 'CONTAINER NEW_NAME',
  operands: { least: 2, most: 2 },
  flags: [],
  run: async (session, { operands }) => {
    const [from = '', to = ''] = operands.map((name) => name.trim());
    if (from === '' || to === '') throw new Error('Error: Neither old nor new names may be empty');
    await session.client.containers.rename(from, to).catch((error: Error) => {
      throw new Error(`${error.message}\nError: failed to rename container named ${from}`);
    });
    return 0;
  },
};

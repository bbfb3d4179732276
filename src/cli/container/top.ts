import type { Command } from '../command.ts';
import { layOut } from '../format/table.ts';

/** Shows the processes of a container. */
export const command: Command = {
  usage: 'CONTAINER [ps OPTIONS]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [],
  stopsAtOperand: true,
  run: async (session, { operands: [name = '', ...words] }) => {
    const { Titles, Processes } = await session.client.containers.top(name, words.join(' '));
    session.out(layOut([Titles, ...Processes].map((cells) => `${cells.join('\t')}\n`).join(''), 20));
    return 0;
  },
};

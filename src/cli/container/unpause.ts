import type { Command } from '../command.ts';
import { each } from './each.ts';

/** Lets frozen containers go on. */
export const command: Command = {
  usage: 'CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [],
  run: (session, { operands }) =>
    each(session, operands, async (name) => {
      await session.client.containers.unpause(name);
      return name;
    }),
};

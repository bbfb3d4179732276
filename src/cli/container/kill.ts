import type { Command } from '../command.ts';
import { each } from './each.ts';

/** Sends containers a signal, SIGKILL unless another is named. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [{ name: 'signal', short: 's', kind: 'string', usage: 'Signal to send to the container' }],
  run: (session, { flags, operands }) =>
    each(session, operands, async (name) => {
      await session.client.containers.kill(name, flags.text('signal'));
      return name;
    }),
};

import type { Command } from '../command.ts';
import { each } from './each.ts';

/** Stops containers and starts them again. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'signal', short: 's', kind: 'string', usage: 'Signal to send to the container' },
    { name: 'timeout', short: 't', kind: 'int', usage: 'Seconds to wait before killing the container' },
    {
      name: 'time',
      kind: 'int',
      usage: 'Seconds to wait before killing the container',
      hidden: true,
      deprecated: 'use --timeout instead',
    },
  ],
  run: (session, { flags, operands }) => {
    if (flags.changed('time') && flags.changed('timeout')) {
      throw new Error('conflicting options: cannot specify both --timeout and --time');
    }
    const given = (['timeout', 'time'] as const).find((name) => flags.changed(name));
    const query = { signal: flags.text('signal'), ...(given && { t: flags.number(given) }) };
    return each(session, operands, async (name) => {
      await session.client.containers.restart(name, query);
      return name;
    });
  },
};

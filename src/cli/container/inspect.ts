import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import { inspectAll } from '../system/inspect-objects.ts';

/** Prints everything known about containers. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { ...objectFormat, short: 'f' },
    { name: 'size', short: 's', kind: 'bool', usage: 'Display total file sizes' },
  ],
  run: (session, { flags, operands }) =>
    inspectAll(session, operands, flags.text('format'), async (name) => ({
      type: 'container',
      text: await session.client.containers.inspectText(name, flags.bool('size')),
    })),
};

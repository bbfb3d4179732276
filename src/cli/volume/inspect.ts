import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import { inspectAll } from '../system/inspect-objects.ts';

/** Prints everything known about volumes. */
export const command: Command = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [{ ...objectFormat, short: 'f' }],
  run: (session, { flags, operands }) =>
    inspectAll(session, operands, flags.text('format'), async (name) => ({
      text: await session.client.objects.inspectText('volume', name),
    })),
};

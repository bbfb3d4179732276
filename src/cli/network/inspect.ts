import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import { inspectAll } from '../system/inspect-objects.ts';

/** Prints everything known about networks. */
export const command: Command = {
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { ...objectFormat, short: 'f' },
    { name: 'verbose', short: 'v', kind: 'bool', usage: 'Verbose output for diagnostics' },
  ],
  run: (session, { flags, operands }) =>
    inspectAll(session, operands, flags.text('format'), async (name) => ({
      text: await session.client.networks.inspectText(name, { verbose: flags.bool('verbose') }),
    })),
};

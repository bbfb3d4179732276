import type { Command } from '../command.ts';
import { whyText } from './why-text.ts';

/** Explains a container on one screen. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  operands: { least: 1, most: 1 },
  flags: [{ name: 'format', short: 'f', kind: 'string', usage: `Format the output ("text"|"json")`, shown: '"text"' }],
  run: async (session, { flags, operands: [name = ''] }) => {
    const format = flags.text('format');
    if (!['', 'text', 'json'].includes(format)) throw new Error(`unknown format ${JSON.stringify(format)}`);
    const report = await session.client.containers.why(name);
    session.out(format === 'json' ? `${JSON.stringify(report)}\n` : whyText(report, Date.now()));
    return 0;
  },
};

import type { Command } from '../command.ts';
import { assertWritable, writeWhole } from '../options/output-file.ts';
import { platformJson } from '../options/platform.ts';
import { stdoutIsTerminal } from '../output/terminal.ts';

/** Writes images into an archive. */
export const command: Command = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'output', short: 'o', kind: 'string', usage: 'Write to a file, instead of STDOUT' },
    {
      name: 'platform',
      kind: 'string',
      usage: 'Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
  ],
  run: async (session, { flags, operands }) => {
    const platform = platformJson(flags.text('platform'));
    const path = flags.text('output');
    if (path === '' && stdoutIsTerminal()) {
      throw new Error('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    if (path !== '') assertWritable(path, 'failed to save image');
    const body = await session.client.images.save(operands, { ...(platform !== '' && { platform }) });
    if (path === '') for await (const piece of body.pieces()) session.out(piece);
    else await writeWhole(path, body.pieces());
    return 0;
  },
};

import type { Command } from '../command.ts';
import { assertWritable, writeWhole } from '../options/output-file.ts';
import { stdoutIsTerminal } from '../output/terminal.ts';

/** Writes all files of a container as an archive. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  operands: { least: 1, most: 1 },
  flags: [{ name: 'output', short: 'o', kind: 'string', usage: 'Write to a file, instead of STDOUT' }],
  run: async (session, { flags, operands: [name = ''] }) => {
    const path = flags.text('output');
    if (path === '' && stdoutIsTerminal()) {
      throw new Error('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    if (path !== '') assertWritable(path, 'failed to export container');
    const body = await session.client.files.export(name);
    if (path === '') for await (const piece of body.pieces()) session.out(piece);
    else await writeWhole(path, body.pieces());
    return 0;
  },
};

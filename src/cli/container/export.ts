import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from '../command.ts';
import { goFileError } from '../options/files.ts';
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
    if (path !== '') assertWritable(path);
    const body = await session.client.files.export(name);
    if (path === '') for await (const piece of body.pieces()) session.out(piece);
    else await writeWhole(path, body.pieces());
    return 0;
  },
};

/** Before the daemon is asked. */
function assertWritable(path: string): void {
  const words = 'failed to export container';
  const directory = dirname(path);
  try {
    statSync(directory);
  } catch (error) {
    throw new Error(`${words}: invalid output path: ${goFileError(error as NodeJS.ErrnoException, directory).message}`);
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) throw new Error(`${words}: cannot write to a directory`);
  const device = stats?.isCharacterDevice()
    ? 'character device file'
    : stats?.isBlockDevice()
      ? 'block device file'
      : '';
  if (device !== '') throw new Error(`${words}: cannot write to a ${device}`);
}

/** The file has its name when all of it is there. */
async function writeWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.gantry-${process.pid}`;
  try {
    await pipeline(pieces, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

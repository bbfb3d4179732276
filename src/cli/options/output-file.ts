import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { goFileError } from './files.ts';

/** Before the daemon is asked. */
export function assertWritable(path: string, words: string): void {
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
export async function writeWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.gantry-${process.pid}`;
  try {
    await pipeline(pieces, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

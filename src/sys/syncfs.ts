import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { declare } from './libc.ts';
import { SystemError } from './system-error.ts';

type Later = { async(fd: number, done: (error: Error | null, result: number) => void): void };

const syncFileSystem = declare('int syncfs(int fd)') as unknown as Later;

/** Writes everything of the file system that holds this folder to the disk (syncfs(2)), off the event loop. */
export async function syncfs(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  const result = await new Promise<number>((resolve, reject) => {
    syncFileSystem.async(folder.fd, (error, value) => (error ? reject(error) : resolve(value)));
  });
  // errno belongs to the thread that made the call and is gone: what syncfs reports on an open folder is EIO.
  if (result < 0) throw new SystemError('syncfs', constants.errno.EIO, path);
}

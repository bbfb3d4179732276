import { lstatSync, unlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';

/** Freeing the blocks of a file this small takes the kernel no longer than handing the work to another thread does. */
const SMALL_BYTES = 256 * 1024;

/** Unlinks a file; a big one off the loop. Throws Node's error. */
export async function unlinkFile(path: string | Buffer): Promise<void> {
  if (lstatSync(path).size <= SMALL_BYTES) unlinkSync(path);
  else await unlink(path);
}

import { createReadStream, openSync } from 'node:fs';
import { goFileError } from './files.ts';

/** The bytes of a file of the user's, opened at once, or of standard input for '' and `-`. */
export function openInput(path: string): AsyncIterable<Uint8Array> {
  if (path === '' || path === '-') return createReadStream('', { fd: 0, highWaterMark: 1 << 18 });
  try {
    return createReadStream(path, { fd: openSync(path, 'r'), highWaterMark: 1 << 18 });
  } catch (error) {
    throw goFileError(error as NodeJS.ErrnoException, path);
  }
}

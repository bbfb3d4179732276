import type { Readable, Writable } from 'node:stream';
import { PassThrough } from 'node:stream';

const BUFFERED = 1024 * 1024;

/**
 * Runs work that writes to a stream and gives the stream's other end, which ends when the work has, and fails when it
 * does. `finish` follows the work in any case.
 */
export function outflow(work: (output: Writable) => Promise<void>, finish: () => Promise<void>): Readable {
  const stream = new PassThrough({ highWaterMark: BUFFERED });
  // Its reader may be gone: then nobody asks why.
  stream.on('error', () => {});
  void work(stream)
    .finally(finish)
    .then(
      () => stream.end(),
      (error) => stream.destroy(error),
    );
  return stream;
}

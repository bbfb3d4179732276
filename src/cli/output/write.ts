import { writeSync } from 'node:fs';

/** Writes everything to a descriptor before returning; a reader that has gone ends the program as SIGPIPE would. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(141);
      if (code !== 'EAGAIN') throw error;
      waitBriefly();
    }
  }
}

// A descriptor that someone else made non-blocking and whose reader is slow: there is nothing to do but to wait a little.
function waitBriefly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

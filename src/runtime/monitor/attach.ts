import type { Duplex } from 'node:stream';
import { deadline } from '#async';
import { dial } from './dial.ts';
import { Decoder, encode } from './protocol.ts';

const ANSWER_MS = 5_000;

export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/**
 * A stream of its own to the process `exec` ('' is the container): reads Docker's frames (a terminal's raw bytes), writes
 * to its stdin; `end()` is the end of its input. Nothing that comes after the promise is missed.
 */
export async function attachTo(directory: string, exec: string, streams: Streams): Promise<Duplex> {
  const socket = await dial(directory);
  const decoder = new Decoder();
  const { promise: accepted, resolve, reject } = Promise.withResolvers<void>();
  const read = () => {
    for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) decoder.push(chunk);
    try {
      if (decoder.next()) resolve();
    } catch (error) {
      reject(error);
    }
  };
  const ended = () => reject(new Error('the monitor refused to attach'));
  socket.on('readable', read).on('end', ended).on('error', reject);
  const letters = [streams.stdin ? 'i' : '', streams.stdout ? 'o' : '', streams.stderr ? 'e' : ''].join('');
  socket.write(encode(['attach', exec, letters]));
  try {
    await deadline(accepted, ANSWER_MS, 'the monitor did not answer in time');
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.off('readable', read).off('end', ended).off('error', reject);
  // After the output nothing can be put in: without this the monitor would wait for our end.
  socket.once('end', () => socket.end());
  if (decoder.rest.length > 0) socket.unshift(decoder.rest);
  return socket;
}

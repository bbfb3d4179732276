import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { deadline } from '#async';
import { descriptorOf, sendByte } from '#sys';
import { dial } from './dial.ts';
import { Decoder, encode } from './protocol.ts';

const ANSWER_MS = 5_000;
const MARK = 0x68;

export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** The output may go to a client's own socket: the stream then has {@link Attached.deliverTo}. */
  readonly direct?: boolean;
}

export type Attached = Duplex & {
  /**
   * To be called once, before anything is read or written: lets the monitor write the output to this client's socket, so
   * that only the end of it is read here. A client whose bytes are encrypted, or none, gets it from here as ever.
   */
  deliverTo?(client: Duplex | undefined): void;
};

/**
 * A stream of its own to the process `exec` ('' is the container): reads Docker's frames (a terminal's raw bytes), writes
 * to its stdin; `end()` is the end of its input. Nothing that comes after the promise is missed.
 */
export async function attachTo(directory: string, exec: string, streams: Streams): Promise<Attached> {
  const socket: Socket & Attached = await dial(directory);
  const decoder = new Decoder();
  const { promise: accepted, resolve, reject } = Promise.withResolvers<Buffer[]>();
  const read = () => {
    for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) decoder.push(chunk);
    try {
      const answer = decoder.next();
      if (answer) resolve(answer);
    } catch (error) {
      reject(error);
    }
  };
  const ended = () => reject(new Error('the monitor refused to attach'));
  socket.on('readable', read).on('end', ended).on('error', reject);
  const letters = [
    streams.stdin ? 'i' : '',
    streams.stdout ? 'o' : '',
    streams.stderr ? 'e' : '',
    streams.direct ? 'h' : '',
  ].join('');
  socket.write(encode(['attach', exec, letters]));
  let answer: Buffer[];
  try {
    answer = await deadline(accepted, ANSWER_MS, 'the monitor did not answer in time');
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.off('readable', read).off('end', ended).off('error', reject);
  // After the output nothing can be put in: without this the monitor would wait for our end.
  socket.once('end', () => socket.end());
  if (decoder.rest.length > 0) socket.unshift(decoder.rest);
  // A monitor of an earlier release does not know the letter.
  if (answer.length > 1) socket.deliverTo = (client) => sendMark(socket, client);
  return socket;
}

function sendMark(socket: Socket, client: Duplex | undefined): void {
  const own = descriptorOf(socket);
  if (own === undefined) return;
  try {
    sendByte(own, MARK, client && descriptorOf(client));
  } catch (error) {
    socket.destroy(error as Error);
  }
}

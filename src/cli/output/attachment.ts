import type { Socket } from 'node:net';
import { DetachScanner } from '#api';
import type { Answered } from '#client';
import { Demultiplexer } from './demux.ts';
import { detachKeyBytes } from './detach-keys.ts';
import { Outputs } from './outputs.ts';

/** What of an attachment is joined to our own streams. */
export interface AttachmentOptions {
  tty: boolean;
  stdin: boolean;
  output: boolean;
  /** Keys that detach, where the user can type them. */
  detachKeys?: string;
}

/** How an attachment ended: the container's output ended, or the user typed the keys. */
export type AttachmentEnd = 'ended' | 'detached';

/** Joins a hijacked connection to our standard streams until the output ends or the user detaches. */
export async function joinStreams(answered: Answered, options: AttachmentOptions): Promise<AttachmentEnd> {
  const { socket } = answered;
  let detached = false;
  const detach = () => {
    detached = true;
    socket.destroy();
  };
  using _input = options.stdin ? joinStdin(socket, options, detach) : undefined;
  await pumpOutput(answered, options);
  return detached ? 'detached' : 'ended';
}

function joinStdin(socket: Socket, options: AttachmentOptions, detach: () => void): Disposable {
  const { stdin } = process;
  const watch = options.tty && options.detachKeys ? new DetachScanner(detachKeyBytes(options.detachKeys)) : undefined;
  const onData = (typed: Buffer) => {
    const { forward, detached } = watch ? watch.scan(typed) : { forward: typed, detached: false };
    if (forward.length > 0 && !socket.write(forward)) stdin.pause();
    if (detached) detach();
  };
  const onEnd = () => socket.end();
  const onDrain = () => stdin.resume();
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.on('error', onEnd);
  socket.on('drain', onDrain);
  return {
    [Symbol.dispose]: () => {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.pause();
      // A terminal or pipe that is still being read would keep the program from ending.
      stdin.unref?.();
    },
  };
}

async function pumpOutput({ socket, rest }: Answered, options: AttachmentOptions): Promise<void> {
  const outputs = new Outputs();
  let room = true;
  const write = (fd: 1 | 2, pieces: Uint8Array[]) => {
    if (options.output && !outputs.write(fd, pieces)) room = false;
  };
  const demultiplexer = new Demultiplexer(write);
  const take = options.tty ? (bytes: Buffer) => write(1, [bytes]) : (bytes: Buffer) => demultiplexer.push(bytes);
  outputs.onRoom(() => {
    room = true;
    socket.resume();
  });
  await new Promise<void>((resolve, reject) => {
    const onData = (bytes: Buffer) => {
      try {
        take(bytes);
      } catch (error) {
        socket.destroy();
        reject(error as Error);
        return;
      }
      if (!room) socket.pause();
    };
    socket.on('data', onData);
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
    if (rest.length > 0) onData(rest);
    if (room) socket.resume();
  });
  await outputs.flush();
}

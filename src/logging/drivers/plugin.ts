import { constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { formatTime } from '#api';
import { delay } from '#async';
import { internal } from '#errdefs';
import { isErrno, makeFifo } from '#sys';
import type { Message, Sink } from '../sink.ts';
import type { LogSubject } from '../subject.ts';
import { encodeLogEntry } from './log-entry.ts';

const OPEN_MS = 10_000;
const LOOK_MS = 10;

/** What is called of a plugin. */
export interface LogPlugin {
  call<T extends object>(method: string, args: object | null, options?: { timeout?: number }): Promise<T>;
}

/** Sends entries through a fifo that the plugin reads, each with its length in front (4 bytes, big endian). */
export async function openPlugin(subject: LogSubject, plugin: LogPlugin, folder: string): Promise<Sink> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/${subject.id}`;
  rmSync(path, { force: true });
  makeFifo(path, 0o700);
  try {
    const { Err } = await plugin.call<{ Err?: string }>('LogDriver.StartLogging', {
      File: path,
      Info: infoOf(subject),
    });
    if (Err) throw internal(Err);
    const pipe = await openFifo(path);
    return sinkOf(pipe, async () => {
      await plugin.call('LogDriver.StopLogging', { File: path }).catch(() => undefined);
      rmSync(path, { force: true });
    });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** The writing end, once the plugin has opened the other. Opened so that it does not wait. */
async function openFifo(path: string): Promise<Socket> {
  for (const end = performance.now() + OPEN_MS; ; await delay(LOOK_MS)) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if (!isErrno(error, 'ENXIO') || performance.now() > end) throw error;
    }
  }
}

function sinkOf(pipe: Socket, stop: () => Promise<void>): Sink {
  let failure: Error | undefined;
  pipe.on('error', (error) => (failure ??= error));
  pipe.on('close', () => (failure ??= new Error('the plugin closed its fifo')));
  return {
    isConfirmed: false,
    send: (messages: readonly Message[]) =>
      new Promise((resolve, reject) => {
        if (failure) reject(failure);
        else pipe.write(Buffer.concat(messages.map(encodeLogEntry)), (error) => (error ? reject(error) : resolve()));
      }),
    [Symbol.asyncDispose]: async () => {
      if (!failure) await new Promise<void>((resolve) => pipe.end(resolve));
      pipe.destroy();
      await stop();
    },
  };
}

/** Docker's logger.Info as JSON. */
function infoOf(subject: LogSubject): object {
  return {
    Config: subject.options,
    ContainerID: subject.id,
    ContainerName: `/${subject.name}`,
    ContainerEntrypoint: subject.path,
    ContainerArgs: subject.args,
    ContainerImageID: subject.imageId,
    ContainerImageName: subject.imageName,
    ContainerCreated: formatTime(subject.createdNano),
    ContainerEnv: subject.env,
    ContainerLabels: subject.labels,
    LogPath: '',
    DaemonName: 'docker',
  };
}

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { delay } from '#async';
import { UnixDatagram } from '#sys';

const RETRY_MS = 20;
const STALLED_MS = 30_000;

/** Sends single datagrams. */
export interface Datagrams extends Disposable {
  send(bytes: Uint8Array): Promise<void>;
}

export async function udpDatagrams(host: string, port: number): Promise<Datagrams> {
  const { lookup } = process.getBuiltinModule('node:dns/promises');
  const { address, family } = await lookup(host || '127.0.0.1');
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  // Nobody listening is told by an error later, and cannot be known of in time.
  socket.on('error', () => undefined);
  socket.connect(port, address);
  await once(socket, 'connect');
  return {
    send: (bytes) =>
      new Promise((resolve, reject) => {
        socket.send(bytes, (error) => {
          if (error && (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') reject(error);
          else resolve();
        });
      }),
    [Symbol.dispose]: () => socket.close(),
  };
}

/** To a unix socket; waits while its owner is behind, and fails when that takes too long. */
export function unixDatagrams(path: string): Datagrams {
  const socket = new UnixDatagram(path);
  return {
    send: async (bytes) => {
      for (const end = performance.now() + STALLED_MS; !socket.send(bytes); await delay(RETRY_MS)) {
        if (performance.now() > end) throw new Error('the receiver takes nothing');
      }
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}

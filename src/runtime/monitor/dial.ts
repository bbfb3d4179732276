import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** sun_path holds 108 bytes with the NUL. */
const PATH_MAX = 107;

/** Connects to `monitor.sock` in a directory, however long its path is. Rejects with Node's error (ENOENT, ECONNREFUSED). */
export async function dial(directory: string): Promise<Socket> {
  const path = `${directory}/monitor.sock`;
  if (Buffer.byteLength(path) <= PATH_MAX) return open(path);
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await open(`/proc/self/fd/${fd}/monitor.sock`);
  } finally {
    closeSync(fd);
  }
}

function open(path: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ path, allowHalfOpen: true });
  socket.once('error', reject);
  socket.once('connect', () => {
    socket.off('error', reject);
    resolve(socket);
  });
  return promise;
}

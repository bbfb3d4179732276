import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { HostConfig } from '#api';
import { zero } from '#schema';

/** Enough for V8 to have compiled what it will compile soon, at about 30 ms of work. */
const ROUNDS = 12;
const NOBODY = `gantry-warm-up-${'0'.repeat(40)}`;

/** Requests that run through router, decoder, names and answers of the hot path and change nothing. */
function requests(): string[] {
  // Says nothing about what to run, so it is refused after all of it has been decoded.
  const body = JSON.stringify({ HostConfig: zero(HostConfig), NetworkingConfig: { EndpointsConfig: { default: {} } } });
  const post = (path: string, text = '') =>
    `POST /v1.50${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  return [
    'HEAD /_ping HTTP/1.1\r\nHost: x\r\n\r\n',
    post('/containers/create', body),
    post(`/containers/${NOBODY}/wait?condition=next-exit`),
    post(`/containers/${NOBODY}/start`),
    `GET /v1.50/containers/${NOBODY}/json HTTP/1.1\r\nHost: x\r\n\r\n`,
    'GET /v1.50/containers/json HTTP/1.1\r\nHost: x\r\n\r\n',
  ];
}

/** Sends some harmless requests to a unix socket that this process serves: the first clients need not wait for compiling. */
export async function warmUp(path: string): Promise<void> {
  const socket = connect(path);
  try {
    await opened(socket);
    for (let round = 0; round < ROUNDS; round++) {
      for (const request of requests()) {
        socket.write(request);
        await answered(socket);
      }
    }
  } finally {
    socket.destroy();
  }
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}

/** Answers are far smaller than what one read takes, so the first bytes are all of them. */
function answered(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => () => {
      socket.removeListener('data', onData);
      socket.removeListener('close', onClose);
      end();
    };
    const onData = settle(resolve);
    const onClose = settle(() => reject(new Error('the connection to our own socket was closed')));
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import koffi from 'koffi';

const TLS = new URL('../../../src/server/testdata/tls/', import.meta.url);
/** The certificate authority of {@link listenTls}, whose certificate is for localhost. */
export const CA = new URL('ca.pem', TLS).pathname;

/** A sink that listens; `received` grows while it lives. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
  /** Datagrams, or of a connection what came at once. */
  readonly received: Buffer[];
  /** Ends all connections and listens no more. */
  close(): Promise<void>;
}

export async function listenUdp(): Promise<Listener> {
  const socket = createSocket('udp4');
  const received: Buffer[] = [];
  socket.on('message', (message) => received.push(message));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const close = async () => {
    socket.close();
    await once(socket, 'close');
  };
  return { port: socket.address().port, received, close, [Symbol.asyncDispose]: close };
}

interface StreamOptions {
  readonly place?: number | string;
  /** What is answered to what came. */
  readonly answer?: (data: Buffer) => Buffer | undefined;
}

export function listenTcp(options: StreamOptions = {}): Promise<Listener> {
  return serve(createServer(), 'connection', options);
}

export function listenTls(options: StreamOptions = {}): Promise<Listener> {
  const [key, cert] = ['server-key.pem', 'server.pem'].map((name) => readFileSync(new URL(name, TLS)));
  return serve(createTlsServer({ key, cert }), 'secureConnection', options);
}

async function serve(server: Server, event: string, { place = 0, answer }: StreamOptions): Promise<Listener> {
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      received.push(data);
      const reply = answer?.(data);
      if (reply) socket.write(reply);
    });
  });
  if (typeof place === 'string') server.listen(place);
  else server.listen(place, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return { port: typeof address === 'string' ? 0 : address.port, received, close, [Symbol.asyncDispose]: close };
}

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, const void *address, unsigned int size)');
const recv = libc.func('long recv(int fd, void *bytes, size_t size, int flags)');
const close = libc.func('int close(int fd)');
const [AF_UNIX, SOCK_DGRAM, MSG_DONTWAIT] = [1, 2, 0x40];

/** A unix socket of datagrams, as syslog and systemd's journal have; Node has none. */
export function listenUnixDatagrams(path: string): Listener {
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX);
  address.write(path, 2);
  const fd = socket(AF_UNIX, SOCK_DGRAM, 0) as number;
  if (bind(fd, address, address.length) !== 0) throw new Error(`bind ${path}: errno ${koffi.errno()}`);
  const received: Buffer[] = [];
  const timer = setInterval(() => {
    const buffer = Buffer.alloc(256 * 1024);
    for (let n = 1; n > 0; ) {
      n = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT));
      if (n > 0) received.push(Buffer.from(buffer.subarray(0, n)));
    }
  }, 10);
  const end = async () => {
    clearInterval(timer);
    close(fd);
    rmSync(path, { force: true });
  };
  return { port: 0, received, close: end, [Symbol.asyncDispose]: end };
}

/** Waits until it holds; fails after a while with what `seen` says. */
export async function until(holds: () => boolean | Promise<boolean>, seen: () => unknown, ms = 15_000): Promise<void> {
  for (const end = Date.now() + ms; !(await holds()); await new Promise((wake) => setTimeout(wake, 20))) {
    if (Date.now() > end) throw new Error(`it did not come about: ${JSON.stringify(seen())}`);
  }
}

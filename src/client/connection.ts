import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, isIP } from 'node:net';
import type { Address, TlsOptions } from './address.ts';
import type { Tunnelled } from './dial-ssh.ts';
import { dialSsh } from './dial-ssh.ts';
import { ConnectError } from './errors.ts';
import type { ResponseHead } from './http-head.ts';
import { parseHead } from './http-head.ts';

/** A connection on which an answer's head has been read; `rest` are the bytes behind it. */
export interface Answered {
  socket: Socket;
  head: ResponseHead;
  rest: Buffer;
}

/** A request's own part: method, path with query, headers and a whole body; or a body that is streamed after the head. */
export interface RequestHead {
  method: string;
  path: string;
  headers: Readonly<Record<string, string | readonly string[]>>;
  body?: string | Uint8Array;
}

const longestHead = 1 << 20;

/** A connection being made, half open allowed. What is written goes out once it stands; a failure comes as its error. */
export function dial(address: Address): Socket {
  if (address.kind === 'unix') return connect({ path: address.path, allowHalfOpen: true });
  if (address.kind === 'ssh') return dialSsh(address);
  const { host, port } = address;
  if (!address.tls) return connect({ host, port, allowHalfOpen: true, noDelay: true });
  return dialTls(host, port, address.tls);
}

/** Connects and waits until the connection stands. */
export async function open(address: Address): Promise<Socket> {
  const socket = dial(address);
  if (address.kind === 'ssh') return socket;
  const ready = address.kind === 'tcp' && address.tls ? 'secureConnect' : 'connect';
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new ConnectError(address, error, ''));
    socket.once('error', fail);
    socket.once(ready, () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

// Loaded only here: TLS is a large part of Node. Not by import(), which a start-up snapshot can't do.
function dialTls(host: string, port: number, files: TlsOptions): Socket {
  const tls = process.getBuiltinModule('node:tls');
  const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  const options = {
    host,
    port,
    servername: isIP(host) ? '' : host,
    rejectUnauthorized: files.verify,
    allowHalfOpen: true,
    ca: files.verify ? read(files.ca) : undefined,
    cert: read(files.cert),
    key: read(files.key),
  };
  return tls.connect(options);
}

/** The bytes of a request's head (and whole body, if it has one). */
export function encodeRequest(request: RequestHead, host: string): Buffer {
  const lines = [`${request.method} ${request.path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of [value].flat()) lines.push(`${name}: ${one.replace(/[\r\n]/g, ' ')}`);
  }
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  if (body) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body ? Buffer.concat([head, body]) : head;
}

/** Waits for the answer's head; informational answers other than 101 are skipped. */
export function readHead(socket: Socket, address: Address, asked: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);
    const stop = () => {
      socket.off('data', onData);
      socket.off('error', onError);
      socket.off('end', onEnd);
      socket.pause();
    };
    const onError = async (error: Error) => {
      stop();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(new ConnectError(address, (await reasonOf(socket)) ?? error, asked));
    };
    const onEnd = () => onError(new Error('EOF'));
    const onData = (chunk: Buffer) => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
        const head = parseHead(seen.toString('latin1', 0, end));
        seen = seen.subarray(end + 4);
        if (head.status < 200 && head.status !== 101) continue;
        stop();
        resolve({ socket, head, rest: seen });
        return;
      }
      if (seen.length > longestHead) onError(new Error('response header too large'));
    };
    socket.on('data', onData);
    socket.on('error', onError);
    socket.on('end', onEnd);
  });
}

/** What a program in between says of its end, if it ends soon. */
async function reasonOf({ ended }: Tunnelled): Promise<Error | undefined> {
  if (!ended) return undefined;
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 2000).unref());
  return await Promise.race([ended, late]);
}

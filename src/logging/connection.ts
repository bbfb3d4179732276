import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Address } from './addresses.ts';

const CONNECT_MS = 10_000;
const CLOSE_MS = 1_000;
/** A receiver that takes nothing for this long is taken for dead. */
const STALLED_MS = 30_000;

export interface TlsOptions extends SecureContextOptions {
  readonly rejectUnauthorized: boolean;
}

/** A connection to a sink. What the other side says is for `onData`, else it is thrown away. */
export class Connection implements AsyncDisposable {
  readonly #socket: Socket;
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (error) => (this.#failure ??= error));
    socket.on('close', () => (this.#failure ??= new Error('the connection was closed')));
    socket.on('end', () => socket.destroy());
  }

  static async open(address: Address, { tls, onData }: { tls?: TlsOptions; onData?: (data: Buffer) => void } = {}) {
    const socket = await dial(address, tls);
    const connection = new Connection(socket);
    socket.on('data', onData ?? (() => undefined));
    return connection;
  }

  /** Resolves when the kernel has taken it. */
  async send(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    const timer = setTimeout(() => this.#socket.destroy(new Error('the receiver takes nothing')), STALLED_MS);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Throws when the other side has gone, also when that has just come about. */
  assertOpen(): void {
    if (this.#failure) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MS);
    await closed.catch(() => undefined);
    clearTimeout(timer);
  }
}

async function dial(address: Address, tls: TlsOptions | undefined): Promise<Socket> {
  const signal = AbortSignal.timeout(CONNECT_MS);
  if (address.kind === 'unix') {
    const socket = connect({ path: address.path });
    await opened(socket, 'connect', signal);
    return socket;
  }
  const { host, port, protocol } = address;
  if (protocol !== 'tls') {
    const socket = connect({ host, port, keepAlive: true });
    await opened(socket, 'connect', signal);
    return socket;
  }
  // Loaded only here: TLS is a large part of Node.
  const { connect: secure } = process.getBuiltinModule('node:tls');
  const name = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  const socket = secure({ host, port, ...name, ...tls });
  await opened(socket, 'secureConnect', signal);
  return socket;
}

async function opened(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  try {
    await once(socket, event, { signal });
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}

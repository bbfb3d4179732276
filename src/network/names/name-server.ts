import type { Socket as Datagrams } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Log } from '#log';
import type { Knowledge, Query } from './answer.ts';
import { answerOf, failure, fitted, nothing, parseQuery } from './answer.ts';
import { forward, overTcp, overUdp } from './forward.ts';
import { Framer, framed } from './framing.ts';

/** Questions of one sandbox that may wait for servers outside at once. Docker: 1,024 of all. */
const FORWARDED = 128;
/** Questions of one sandbox a second: what comes above is not heard, so that it does not cost the others. */
const PER_SECOND = 2_000;
const CONNECTIONS = 32;
const IDLE_MS = 10_000;

/** Who a sandbox's name server asks when it does not know. */
export interface Upstreams {
  /** None: nobody may be asked (the sandbox has no way out). */
  readonly servers: readonly string[];
  /** The user set `ndots`: short names are not for others. */
  readonly isNdotsGiven: boolean;
}

export interface Resolver extends Knowledge {
  upstreams(): Upstreams;
}

/** The name server of one sandbox, on sockets in its namespace that its monitor holds: they outlive this object. */
export class NameServer implements Disposable {
  readonly #resolver: Resolver;
  readonly #datagrams: Datagrams;
  readonly #listener: Server;
  readonly #connections = new Set<Socket>();
  #forwarded = 0;
  #second = 0;
  #heard = 0;

  constructor({ udp, tcp }: { udp: number; tcp: number }, resolver: Resolver, log: Log) {
    this.#resolver = resolver;
    this.#datagrams = createSocket('udp4');
    this.#datagrams.on('error', (error) => log.warn('a name server cannot be heard', { error }));
    this.#datagrams.on('message', (bytes, { port, address }) => void this.#answerDatagram(bytes, port, address));
    this.#datagrams.bind({ fd: udp });
    this.#datagrams.unref();
    this.#listener = createServer((socket) => this.#accept(socket));
    this.#listener.on('error', (error) => log.warn('a name server cannot be reached', { error }));
    this.#listener.maxConnections = CONNECTIONS;
    this.#listener.listen({ fd: tcp });
    this.#listener.unref();
  }

  [Symbol.dispose](): void {
    this.#datagrams.close();
    this.#listener.close();
    for (const socket of this.#connections) socket.destroy();
  }

  async #answerDatagram(bytes: Buffer, port: number, address: string): Promise<void> {
    const query = this.#mayHear() ? parseQuery(bytes) : undefined;
    if (!query) return;
    const answer = await this.#answer(bytes, query, overUdp);
    // Its sandbox may have ended meanwhile.
    try {
      this.#datagrams.send(answer, port, address, () => {});
    } catch {}
  }

  #accept(socket: Socket): void {
    const framer = new Framer();
    this.#connections.add(socket);
    socket.unref();
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      for (const bytes of framer.push(chunk)) void this.#answerFrame(socket, bytes);
    });
  }

  async #answerFrame(socket: Socket, bytes: Buffer): Promise<void> {
    const query = this.#mayHear() ? parseQuery(bytes) : undefined;
    if (!query) {
      socket.destroy();
      return;
    }
    const answer = await this.#answer(bytes, { ...query, udpSize: 65_535 }, overTcp);
    if (!socket.destroyed) socket.write(framed(answer));
  }

  async #answer(bytes: Buffer, query: Query, exchange: typeof overUdp): Promise<Buffer> {
    const own = answerOf(query, this.#resolver);
    if (own) return fitted(own, query);
    const { servers, isNdotsGiven } = this.#resolver.upstreams();
    const { type, name } = query.question;
    // Docker: the asker comes again with a search domain.
    if (isNdotsGiven && !name.includes('.') && (type === 'A' || type === 'AAAA')) return nothing(query);
    if (this.#forwarded >= FORWARDED) return failure(query);
    this.#forwarded++;
    try {
      return (await forward(bytes, servers, exchange)) ?? failure(query);
    } finally {
      this.#forwarded--;
    }
  }

  #mayHear(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#heard = 0;
    this.#second = second;
    return ++this.#heard <= PER_SECOND;
  }
}

import type { IncomingMessage } from 'node:http';
import type { Duplex, Transform } from 'node:stream';
import { before, encodeFrame } from '#api';
import type { Call } from './call.ts';
import type { SessionStream } from './deps.ts';
import { COMMON_HEADERS, rawHead } from './head.ts';
import { Query } from './query.ts';
import { failureOf } from './status.ts';
import { acceptWebSocket } from './websocket/handshake.ts';
import { joinWebSocket } from './websocket/join.ts';

const RAW = 'application/vnd.docker.raw-stream';
const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream';

/** A connection that stops being HTTP after the answer's head. */
export class Hijack {
  readonly request: IncomingMessage;
  readonly version: string;
  readonly name: string;
  readonly query: Query;
  readonly #connection: Duplex;
  #answered: Promise<unknown> = Promise.resolve();

  /** The connection must give what the client sent behind its request. */
  constructor(request: IncomingMessage, connection: Duplex, call: Call) {
    this.request = request;
    this.version = call.version;
    this.name = call.names[0] ?? '';
    this.query = new Query(call.query);
    this.#connection = connection;
    connection.on('error', () => connection.destroy());
  }

  /** Answers with the head: 101 when the client asked to upgrade, to whatever, else 200. */
  accept(options: { tty: boolean; headers?: readonly string[] }): void {
    const isUpgrade = this.request.headers.upgrade !== undefined;
    // Docker: older clients, and those that did not upgrade, are told "raw" even when it is multiplexed.
    const type = !options.tty && isUpgrade && !before(this.version, '1.42') ? MULTIPLEXED : RAW;
    const upgrade = isUpgrade ? ['Connection', 'Upgrade', 'Upgrade', 'tcp'] : [];
    const headers = ['Content-Type', type, ...upgrade, ...(options.headers ?? [])];
    const head = isUpgrade ? rawHead(101, headers, 'UPGRADED') : rawHead(200, headers);
    this.#answered = new Promise((resolve) => this.#connection.write(head, resolve));
  }

  /** Answers with the head of another protocol, in which the connection goes on. */
  upgrade(protocol: string): Duplex {
    this.#connection.write(rawHead(101, ['Connection', 'Upgrade', 'Upgrade', protocol]));
    return this.#connection;
  }

  /** Joins both directions until both have ended; each side's end is passed on alone. The output goes `through`, if given. */
  join(stream: SessionStream, through?: Transform): void {
    const connection = this.#connection;
    if (!through) stream.deliverTo?.(connection, this.#answered);
    stream.on('error', () => connection.destroy());
    stream.on('close', () => {
      if (!stream.readableEnded) connection.destroy();
    });
    connection.on('close', () => stream.destroy());
    if (connection.destroyed) stream.destroy();
    connection.pipe(stream);
    if (through) stream.pipe(through).pipe(connection);
    else stream.pipe(connection);
    // The output's end is the end of the whole: what the client still sends has nowhere to go.
    stream.on('end', () => connection.once('finish', () => connection.destroy()));
  }

  /** Answers a client that asked for a WebSocket, and joins it to the streams; throws before the head when it did not. */
  joinWebSocket({ tty, stream }: { tty: boolean; stream: SessionStream }): void {
    this.#connection.write(acceptWebSocket(this.request));
    // Docker: older clients are sent text.
    joinWebSocket(this.#connection, stream, { tty, opcode: before(this.version, '1.28') ? 'text' : 'binary' });
  }

  /** An answer without a body, after which the connection ends. */
  replyEmpty(): void {
    this.#finish(rawHead(200, [...COMMON_HEADERS, 'Content-Length', '0', 'Connection', 'close']));
  }

  /** An error before anything was answered, in JSON like any other. The connection ends. */
  failJson(error: unknown): void {
    const { status, message } = failureOf(error);
    const body = `${JSON.stringify({ message })}\n`;
    const length = String(Buffer.byteLength(body));
    const about = ['Content-Type', 'application/json', 'Content-Length', length, 'Connection', 'close'];
    this.#finish(rawHead(status, [...COMMON_HEADERS, ...about]) + body);
  }

  /** Docker: an attach that fails is told in plain text, without the usual headers. */
  failText(error: unknown): void {
    const { status, message } = failureOf(error);
    this.#finish(`${rawHead(status, ['Content-Type', RAW])}${message}\r\n`);
  }

  /** An error after the head, told on standard output. */
  failInBand(error: unknown, tty: boolean): void {
    const line = Buffer.from(`${failureOf(error).message}\r\n`);
    this.#finish(tty ? line : encodeFrame('stdout', line));
  }

  #finish(data: string | Uint8Array): void {
    this.#connection.resume();
    this.#connection.end(data, () => this.#connection.destroy());
  }
}

import type { Socket } from 'node:net';
import type { Address } from './address.ts';
import { hostOf } from './address.ts';
import { Body } from './body.ts';
import type { Answered } from './connection.ts';
import { dial, encodeRequest, open, readHead } from './connection.ts';
import { DaemonError } from './errors.ts';
import { framing } from './http-head.ts';

/** A query value; false, '' and undefined are left out, a list repeats its name, true is 1. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** One request. A `stream` is sent chunked, as it comes. */
export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  path: string;
  query?: Query;
  json?: unknown;
  stream?: AsyncIterable<Uint8Array>;
  headers?: Headers;
  signal?: AbortSignal;
}

/** The heads of a request; a list is sent as a line each. */
export type Headers = Record<string, string | readonly string[]>;

/** An answer whose status says success. */
export interface Response {
  status: number;
  headers: Record<string, string>;
  body: Body;
}

/** The newest API version that this client speaks. */
export const newestVersion = '1.50';

/** One daemon, one connection a request. The version starts at the newest and falls to what the daemon offers. */
export class Transport {
  readonly address: Address;
  readonly #fixed: boolean;
  readonly #headers: Record<string, string>;
  #version: string;

  constructor(address: Address, options: { version?: string; headers?: Record<string, string> } = {}) {
    this.address = address;
    this.#fixed = options.version !== undefined;
    this.#version = options.version ?? newestVersion;
    this.#headers = { 'User-Agent': 'Gantry-Client/0.1.0 (linux)', ...options.headers };
  }

  /** The API version in use. */
  get version(): string {
    return this.#version;
  }

  /** Sends a request and answers once the head has come; throws DaemonError for a status of 400 or more. */
  async request(request: Request): Promise<Response> {
    const answered = await this.#exchange(request, {});
    const body = new Body(answered, framing(request.method, answered.head));
    return { ...answered.head, body };
  }

  /** The answer's JSON. */
  async json<T>(request: Request): Promise<T> {
    const { body } = await this.request(request);
    return JSON.parse(await body.text()) as T;
  }

  /** Sends a request whose answer is of no interest. */
  async send(request: Request): Promise<void> {
    const { body } = await this.request(request);
    await body.bytes();
  }

  /** Turns a request into a raw connection both ways; `rest` came right behind the head. */
  async hijack(request: Request, protocol = 'tcp'): Promise<Answered> {
    return this.#exchange(request, { Connection: 'Upgrade', Upgrade: protocol });
  }

  /** The same, as a stream that begins with what came right behind the head. */
  async upgrade(request: Request, protocol: string): Promise<Socket> {
    const { socket, rest } = await this.hijack(request, protocol);
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  }

  /** A bare connection to the daemon. */
  async dial(): Promise<Socket> {
    return open(this.address);
  }

  async #exchange(request: Request, headers: Record<string, string>): Promise<Answered> {
    const answered = await this.#once(request, headers);
    if (answered.head.status < 400) return answered;
    const body = new Body(answered, framing(request.method, answered.head));
    const error = refusal(answered.head.status, await body.text(), this.#url(request));
    const most = /client version \S+ is too new\. Maximum supported API version is (\d+\.\d+)/.exec(error.reason)?.[1];
    if (most === undefined || this.#fixed || request.stream) throw error;
    this.#version = most;
    return this.#exchange(request, headers);
  }

  async #once(request: Request, extra: Record<string, string>): Promise<Answered> {
    const path = this.#path(request);
    const asked = `${request.method} ${path}`;
    const socket = dial(this.address);
    request.signal?.addEventListener('abort', () => socket.destroy(new Error('context canceled')), { once: true });
    const headers: Headers = { ...this.#headers, ...request.headers, ...extra };
    if (request.json !== undefined) headers['Content-Type'] = 'application/json';
    if (request.stream) headers['Transfer-Encoding'] = 'chunked';
    if (request.method === 'POST' && request.json === undefined && !request.stream) headers['Content-Length'] = '0';
    if (!extra['Connection']) headers['Connection'] = 'close';
    const body = request.json === undefined ? undefined : JSON.stringify(request.json);
    const head = { method: request.method, path, headers, ...(body !== undefined && { body }) };
    socket.write(encodeRequest(head, hostOf(this.address)));
    const answered = readHead(socket, this.address, asked);
    if (request.stream) await Promise.race([sendChunked(socket, request.stream), answered]);
    return answered;
  }

  #path(request: Request): string {
    const prefix = this.address.kind === 'tcp' ? this.address.prefix : '';
    return `${prefix}/v${this.#version}${request.path}${encodeQuery(request.query)}`;
  }

  #url(request: Request): string {
    const { address } = this;
    return `http://${address.kind === 'unix' ? encodeURIComponent(address.path) : hostOf(address)}${this.#path(request)}`;
  }
}

async function sendChunked(socket: Socket, stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of stream) {
    if (piece.length === 0) continue;
    if (socket.destroyed) return;
    socket.write(`${piece.length.toString(16)}\r\n`);
    socket.write(piece);
    if (!socket.write('\r\n')) await drained(socket);
  }
  socket.write('0\r\n\r\n');
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

/** A query string with its question mark, names sorted as Go sorts them; '' when there is nothing to say. */
export function encodeQuery(query: Query = {}): string {
  const parts: string[] = [];
  for (const name of Object.keys(query).sort()) {
    const value = query[name];
    if (value === undefined || value === false || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      parts.push(`${name}=${encodeURIComponent(one === true ? '1' : String(one))}`);
    }
  }
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

function refusal(status: number, text: string, url: string): DaemonError {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string' && message !== '') return new DaemonError(status, message);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (text.trim() !== '') return new DaemonError(status, text.trim());
  const known = 'check if the server supports the requested API version';
  return new DaemonError(status, `request returned ${status} for API route and version ${url}, ${known}`);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { before } from '#api';
import type { Judged } from './authorize.ts';
import { tellAtEnd } from './authorize.ts';
import { readText } from './body.ts';
import type { Call } from './call.ts';
import { COMMON_HEADERS } from './head.ts';
import { Hijack } from './hijack.ts';
import { Query } from './query.ts';
import { failureOf } from './status.ts';

/** How long an answer may still take after its client has left: verbs that wait need not settle when they are aborted. */
const LEAVING_MS = 1000;

/** How long a refused body is read on. */
const DRAINING_MS = 1000;

/** Docker: a client that only closed its sending side reads this. */
const ABANDONED = { status: 500, message: 'context canceled' };

/** One request and its answer. */
export class Exchange {
  readonly #call: Call;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The API version asked for. */
  readonly version: string;
  /** What the path says for the first `{…}`; decoded. */
  readonly name: string;
  readonly query: Query;
  /** Set when authorization plugins want to see the answer before it goes out. */
  judged: Judged | undefined;
  #controller: AbortController | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, call: Call) {
    this.#call = call;
    this.request = request;
    this.response = response;
    this.version = call.version;
    this.name = call.names[0] ?? '';
    this.query = new Query(call.query);
  }

  before(version: string): boolean {
    return before(this.version, version);
  }

  /** Aborts when the client has gone, or has only closed its sending side (as Go's server cancels its context). */
  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      const { socket } = this.request;
      let timer: NodeJS.Timeout | undefined;
      const leave = () => {
        controller.abort();
        timer ??= setTimeout(() => socket.destroy(), LEAVING_MS);
      };
      socket.once('end', leave);
      this.response.once('close', () => {
        socket.removeListener('end', leave);
        clearTimeout(timer);
        controller.abort();
      });
      if (socket.readableEnded) leave();
      this.#controller = controller;
    }
    return this.#controller.signal;
  }

  /** Whether the client left while its call was still under way: what fails now fails because of that. */
  get isAbandoned(): boolean {
    return this.#controller?.signal.aborted === true;
  }

  /** Takes arguments from a urlencoded body too; other bodies are left alone. */
  async readForm(): Promise<void> {
    const type = this.request.headers['content-type'];
    if (type?.startsWith('application/x-www-form-urlencoded')) this.query.prepend(await readText(this.request));
  }

  json(value: unknown, status = 200): void {
    const body = Buffer.from(`${JSON.stringify(value)}\n`);
    this.#send(status, ['Content-Type', 'application/json', 'Content-Length', String(body.length)], body);
  }

  /** An answer without a body. */
  empty(status = 204): void {
    this.#send(status, status === 204 || status === 304 ? [] : ['Content-Length', '0']);
  }

  text(body: string, status = 200, headers: readonly string[] = []): void {
    const bytes = Buffer.from(body);
    const about = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(bytes.length)];
    this.#send(status, [...headers, ...about], bytes);
  }

  #send(status: number, headers: readonly string[], body?: Uint8Array): void {
    const { judged, response } = this;
    const send = () => response.writeHead(status, [...COMMON_HEADERS, ...headers]).end(body);
    if (!judged) {
      send();
      return;
    }
    // What must not go out is replaced by the refusal, which nobody need allow.
    this.judged = undefined;
    judged.answer(status, [...COMMON_HEADERS, ...headers], body).then(send, (error) => this.fail(error));
  }

  /** The answer to a HEAD that has no more to say than these headers. */
  head(headers: readonly string[]): void {
    this.#send(200, headers);
  }

  /** Sends the head now; what is written afterwards goes out in chunks. */
  begin(contentType: string | undefined, more: readonly string[] = []): void {
    const type = contentType === undefined ? [] : ['Content-Type', contentType];
    const headers = [...COMMON_HEADERS, ...more, ...type, 'Transfer-Encoding', 'chunked'];
    if (this.judged) tellAtEnd(this.judged, this.response, headers);
    this.response.writeHead(200, headers);
    this.response.flushHeaders();
  }

  /** Writes with back-pressure. False when the client has gone. */
  async write(data: Uint8Array | string): Promise<boolean> {
    const { response } = this;
    if (response.destroyed || response.socket?.destroyed) return false;
    if (response.write(data)) return true;
    return await drained(response);
  }

  /** The connection itself, for a request that did not ask to upgrade and whose body has been read. */
  takeOver(): Hijack {
    if (this.judged) tellAtEnd(this.judged, this.request.socket, []);
    return new Hijack(this.request, detach(this.request, this.response), this.#call);
  }

  fail(error: unknown): void {
    const { status, message } = this.isAbandoned ? ABANDONED : failureOf(error);
    // Docker: plugins are shown that it failed, and cannot change what is said of it.
    void this.judged?.answer(0, [], undefined).catch(() => undefined);
    this.judged = undefined;
    if (!this.request.complete && !this.response.headersSent) drain(this.request, this.response);
    if (this.response.headersSent) this.response.destroy();
    else if (status === 304) this.empty(304);
    else this.json({ message }, status);
  }
}

/**
 * Lets a client that is still sending its body read an early answer: closing at once would reset it away. What it
 * sends is dropped, for a moment.
 */
function drain(request: IncomingMessage, response: ServerResponse): void {
  // Node takes it away from requests whose connection has ended.
  const socket = request.socket as Socket | null;
  if (!socket || socket.destroyed) return;
  const closes = !response.shouldKeepAlive;
  response.shouldKeepAlive = true;
  const timer = setTimeout(() => socket.destroy(), DRAINING_MS);
  socket.once('close', () => clearTimeout(timer));
  request.once('end', () => {
    clearTimeout(timer);
    if (closes) socket.end();
  });
}

/** Takes a connection away from node's HTTP server, which stops listening to it. */
function detach({ socket }: IncomingMessage, response: ServerResponse): Socket {
  response.detachSocket(socket);
  for (const event of ['data', 'end', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
  // A listener for data makes node's parser give the handle back.
  const nobody = () => {};
  socket.on('data', nobody);
  socket.removeListener('data', nobody);
  socket.pause();
  return socket;
}

function drained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isOpen: boolean) => {
      response.removeListener('drain', onDrain);
      response.removeListener('close', onClose);
      resolve(isOpen);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    response.on('drain', onDrain);
    response.on('close', onClose);
  });
}

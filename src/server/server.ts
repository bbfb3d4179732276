import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { before } from '#api';
import { forbidden } from '#errdefs';
import { Judged, tellAtEnd } from './authorize.ts';
import { BodyTooLarge, hasBody, readJson } from './body.ts';
import type { Resolved } from './call.ts';
import { resolve } from './call.ts';
import type { ServerDeps } from './deps.ts';
import { Exchange } from './exchange.ts';
import { COMMON_HEADERS, rawHead } from './head.ts';
import { Hijack } from './hijack.ts';
import { createHttpServer } from './http-server.ts';
import type { Door, Listener, ListenOptions } from './listen.ts';
import { listen } from './listen.ts';
import { browserFault } from './origin.ts';
import type { Route } from './route.ts';
import { Router } from './router.ts';
import { routes } from './routes.ts';
import { failureOf } from './status.ts';

type Resolution = Extract<Resolved, { kind: 'call' }>;

/** Whether it is worth a closer look. */
const MAY_HIJACK = /\/(attach|start|grpc|session)/;

/** Serves the Engine API on any number of sockets. */
export class Server {
  readonly #deps: ServerDeps;
  readonly #router = new Router(routes);
  readonly #listeners = new Set<Listener>();
  /** Connections that are no longer HTTP. */
  readonly #hijacked = new Set<Duplex>();

  constructor(deps: ServerDeps) {
    this.#deps = deps;
  }

  /** Listens on `unix://`, `tcp://` and `fd://` addresses; all of them, or none when one fails. */
  async listen(hosts: readonly string[], options: ListenOptions = {}): Promise<Listener[]> {
    const opened: Listener[] = [];
    try {
      for (const host of hosts) opened.push(...(await listen(host, (door) => this.#createServer(door), options)));
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.close(0)));
      throw error;
    }
    for (const listener of opened) this.#listeners.add(listener);
    return opened;
  }

  /** Stops listening; requests under way get `graceMs` to finish, streams are cut. */
  async close(graceMs = 0): Promise<void> {
    const closing = [...this.#listeners].map((listener) => listener.close(graceMs));
    for (const connection of this.#hijacked) connection.destroy();
    this.#listeners.clear();
    await Promise.all(closing);
  }

  /** Serves whatever it is given to listen on; who can come in is the caller's to know. */
  httpServer(): HttpServer {
    return this.#createServer({ kind: 'local' });
  }

  #createServer(door: Door): HttpServer {
    return createHttpServer(door, {
      isHijack: (request) => this.#hijackOf(request) !== undefined,
      onConnection: (socket) => this.#watchHeads(socket),
      serve: (request, response) => void this.#serve(request, response, door),
      serveHijack: (request, connection, head) => void this.#serveHijack(request, connection, head, door),
    });
  }

  /**
   * Clients may take over a connection without asking to upgrade, and send bytes right behind their head. Node's parser
   * would read those as a next request, unless it is told that this one upgrades (2: no body, stop parsing here).
   */
  #watchHeads(socket: Socket): void {
    const { parser } = socket as unknown as { parser?: { onIncoming: OnIncoming } };
    if (!parser) return;
    const onIncoming = parser.onIncoming;
    parser.onIncoming = (request, keepAlive) => {
      if (request.upgrade || request.method !== 'POST' || hasBody(request) || !this.#hijackOf(request)) {
        return onIncoming(request, keepAlive);
      }
      request.upgrade = true;
      onIncoming(request, keepAlive);
      return 2;
    };
  }

  #hijackOf(request: IncomingMessage): Resolution | undefined {
    const { method, url = '' } = request;
    if (!(method === 'POST' ? MAY_HIJACK : /\/attach\/ws/).test(url)) return undefined;
    const resolved = resolve(this.#router, request);
    return resolved.kind === 'call' && resolved.route.hijack ? resolved : undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse, door: Door): Promise<void> {
    response.on('error', () => {});
    const fault = door.kind === 'local' ? undefined : browserFault(request, door);
    if (fault !== undefined) {
      sendJson(response, 403, fault);
      return;
    }
    if (request.headers.upgrade !== undefined && !request.complete) endWithSocket(request);
    const resolved = resolve(this.#router, request);
    const lacksHost = request.headers.host === undefined && request.httpVersion === '1.1';
    if (resolved.kind !== 'call' || lacksHost || request.method === 'OPTIONS') {
      refuse(request, response, resolved);
      return;
    }
    const exchange = new Exchange(request, response, resolved.call);
    try {
      await this.#handle(exchange, resolved.route);
    } catch (error) {
      if (error instanceof BodyTooLarge) refuseBody(request, response, error);
      else {
        if (!exchange.isAbandoned) this.#report(error, request);
        exchange.fail(error);
      }
    }
  }

  async #handle(exchange: Exchange, route: Route): Promise<void> {
    const { request, version } = exchange;
    if ((route.since && before(version, route.since)) || (route.until && before(route.until, version))) {
      exchange.json({ message: 'page not found' }, 404);
      return;
    }
    const authorizer = this.#deps.authorizer?.();
    if (authorizer) exchange.judged = await Judged.request(authorizer, request, route);
    const { judged } = exchange;
    const body = route.body ? await readJson(request, { ...route, body: route.body }, judged?.body) : undefined;
    if (!route.body && !route.isBinary) await exchange.readForm();
    await route.handle(exchange, this.#deps, body);
  }

  async #serveHijack(request: IncomingMessage, connection: Duplex, head: Buffer, door: Door): Promise<void> {
    const resolved = this.#hijackOf(request);
    if (!resolved) {
      connection.destroy();
      return;
    }
    const { route, call } = resolved;
    this.#hijacked.add(connection);
    connection.once('close', () => this.#hijacked.delete(connection));
    if (head.length > 0) connection.unshift(head);
    const hijack = new Hijack(request, connection, call);
    let body: unknown;
    try {
      const fault = browserFault(request, door);
      if (fault !== undefined) throw forbidden(fault);
      const authorizer = this.#deps.authorizer?.();
      const judged = authorizer && (await Judged.request(authorizer, request, route));
      if (judged) tellAtEnd(judged, connection, []);
      body = route.body ? await readJson(request, { ...route, body: route.body }, judged?.body) : undefined;
    } catch (error) {
      hijack.failJson(error);
      return;
    }
    try {
      await route.hijack!(hijack, this.#deps, body);
    } catch (error) {
      this.#report(error, hijack.request);
      hijack.failJson(error);
    }
  }

  /** A client that went away in the middle of its body is no bug. */
  #report(error: unknown, { method, url, destroyed, complete }: IncomingMessage): void {
    if (failureOf(error).isBug && (complete || !destroyed))
      this.#deps.log.error('request failed', { method, url, error });
  }
}

/** Node's parser does not notice that the body of a request that wished to upgrade is cut short. */
function endWithSocket(request: IncomingMessage): void {
  request.socket.once('end', () => {
    setImmediate(() => {
      if (!request.complete) request.destroy();
    });
  });
}

type OnIncoming = (request: IncomingMessage & { upgrade: boolean }, keepAlive: boolean) => number;

/** Answers what is not a call of a route. */
function refuse(request: IncomingMessage, response: ServerResponse, resolved: Resolved): void {
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    plain(response, 400, '400 Bad Request: missing required Host header');
  } else if (request.method === 'OPTIONS') {
    response.writeHead(200, [...COMMON_HEADERS, 'Content-Length', '0']).end();
  } else if (resolved.kind === 'malformed') plain(response, 400, '400 Bad Request');
  else if (resolved.kind === 'moved') {
    response.writeHead(301, [...COMMON_HEADERS, 'Location', resolved.to, 'Content-Length', '0']).end();
  } else if (resolved.kind === 'version') refuseVersion(response, resolved);
  else sendJson(response, 404, 'page not found');
}

/** Docker: clients older than 1.24 did not read errors as JSON. */
function refuseVersion(response: ServerResponse, { version, message }: { version: string; message: string }): void {
  if (!before(version, '1.24')) {
    sendJson(response, 400, message);
    return;
  }
  const body = `${message}\n`;
  const about = ['Content-Type', 'text/plain; charset=utf-8', 'X-Content-Type-Options', 'nosniff'];
  response.writeHead(400, [...COMMON_HEADERS, ...about, 'Content-Length', String(Buffer.byteLength(body))]).end(body);
}

function sendJson(response: ServerResponse, status: number, message: string): void {
  const body = `${JSON.stringify({ message })}\n`;
  const about = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))];
  response.writeHead(status, [...COMMON_HEADERS, ...about]).end(body);
}

function plain(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, ['Content-Type', 'text/plain; charset=utf-8', 'Connection', 'close']).end(body);
}

/** The rest of such a body is not read: the connection ends with the answer. */
function refuseBody(request: IncomingMessage, response: ServerResponse, error: Error): void {
  const { socket } = request;
  const body = `${JSON.stringify({ message: error.message })}\n`;
  const about = ['Content-Type', 'application/json', 'Connection', 'close'];
  socket.pause();
  response.detachSocket(socket);
  socket.end(rawHead(413, [...COMMON_HEADERS, ...about, 'Content-Length', String(body.length)]) + body, () =>
    socket.destroy(),
  );
}

import type { Server as HttpServer, IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerClientError, answerPlainRequest, BAD_REQUEST } from './client-error.ts';
import type { Door } from './listen.ts';

/** Go's limit on heads, with the same slack. */
const HEAD_LIMIT = 1024 * 1024 + 4096;
/** How long a client may take to send its head, and to shake hands. */
const HEAD_MS = 60_000;
const HANDSHAKE_MS = 10_000;

/** What is done with connections and requests. */
export interface Handlers {
  /** Whether the connection of this request will be taken over. */
  readonly isHijack: (request: IncomingMessage) => boolean;
  readonly onConnection: (socket: Socket) => void;
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void;
  readonly serveHijack: (request: IncomingMessage, connection: Duplex, head: Buffer) => void;
}

/** Node's HTTP server made to speak as Go's does; nothing listens yet. */
export function createHttpServer(door: Door, handlers: Handlers): HttpServer {
  const options: ServerOptions = {
    maxHeaderSize: HEAD_LIMIT,
    headersTimeout: HEAD_MS,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    requireHostHeader: false,
    keepAlive: true,
    noDelay: true,
    shouldUpgradeCallback: handlers.isHijack,
  };
  const server = door.kind === 'tls' ? createTlsServer(door, options) : createServer(options);
  server.maxHeadersCount = 0;
  // A client may close its sending side and still wait for the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on(door.kind === 'tls' ? 'secureConnection' : 'connection', handlers.onConnection);
  server.on('request', handlers.serve);
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    handlers.serve(request, response);
  });
  server.on('upgrade', handlers.serveHijack);
  server.on('connect', (_request, connection) => connection.end(BAD_REQUEST, () => connection.destroy()));
  server.on('clientError', answerClientError);
  return server;
}

function createTlsServer({ tls }: Extract<Door, { kind: 'tls' }>, options: ServerOptions): HttpServer {
  // Loaded only here: TLS is a large part of Node.
  const { createServer: create } = process.getBuiltinModule('node:https');
  const { cert, key, clientCa } = tls;
  const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  const server = create({
    ...options,
    ...clients,
    ...{ cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], handshakeTimeout: HANDSHAKE_MS },
  });
  server.on('tlsClientError', answerPlainRequest);
  return server;
}

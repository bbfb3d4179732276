import type { Server as HttpServer, IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Log } from '#log';
import type { Gate } from './access/gate.ts';
import { asRegistryError } from './errors.ts';
import { answerFailure } from './http/answer-failure.ts';
import type { Exchange } from './http/serve.ts';
import { serve } from './http/serve.ts';
import type { Reader } from './reader.ts';
import type { Registry } from './registry.ts';

const HEAD_LIMIT = 64 * 1024;
const HEAD_MS = 20_000;
const KEEP_ALIVE_MS = 75_000;

/** The certificate and the key of a door that speaks TLS, as PEM. */
export interface TlsPair {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** An answer, when it is over. */
export interface Served {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
  readonly account: string | undefined;
}

export interface ServerDeps {
  readonly registry: Registry;
  readonly reader?: Reader | undefined;
  readonly gate: Gate;
  readonly log: Log;
  readonly tls?: TlsPair | undefined;
  readonly onServed?: (served: Served) => void;
  /** Whether who called has the storage's blobs himself: he is not asked for what is there. */
  readonly isOwner?: ((socket: Socket) => Promise<boolean>) | undefined;
}

/** The registry's HTTP server. */
export class RegistryServer implements AsyncDisposable {
  readonly #deps: ServerDeps;
  readonly #server: HttpServer;

  constructor(deps: ServerDeps) {
    this.#deps = deps;
    const options: ServerOptions = {
      maxHeaderSize: HEAD_LIMIT,
      headersTimeout: HEAD_MS,
      // A body may take as long as it comes at a decent pace.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      requireHostHeader: false,
      keepAlive: true,
      noDelay: true,
      highWaterMark: 256 * 1024,
    };
    this.#server = deps.tls ? createTlsServer(deps.tls, options) : createServer(options);
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (_request, socket: Socket) => socket.destroy());
  }

  /** Listens; port 0 is any free one. */
  listen(place: { host?: string; port: number }): Promise<{ readonly host: string; readonly port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(place, () => {
        this.#server.removeListener('error', reject);
        const { address, port } = this.#server.address() as AddressInfo;
        resolve({ host: address, port });
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    const exchange: Exchange = { request, response };
    response.once('close', () => this.#tell(exchange, performance.now() - began));
    // Whoever is gone is told nothing.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    try {
      await serve(this.#deps, exchange);
    } catch (error) {
      const failure = asRegistryError(error);
      if (failure.code === 'UNKNOWN' && !request.destroyed) this.#deps.log.error('a request failed', { error });
      await answerFailure(request, response, failure);
    }
  }

  #tell({ request, response, account }: Exchange, ms: number): void {
    const { log, onServed } = this.#deps;
    const [method, path] = [request.method ?? '', request.url ?? ''];
    const bytes = Number(response.getHeader('content-length') ?? 0);
    const isWhole = response.writableFinished;
    const served = { method, path, status: response.statusCode, bytes: method === 'HEAD' ? 0 : bytes, ms, account };
    onServed?.(served);
    log.info('request', {
      ...served,
      ms: Math.round(ms * 10) / 10,
      ...(!isWhole && { broken: true }),
      client: request.socket.remoteAddress,
      agent: request.headers['user-agent'],
    });
  }

  /** Stops listening; requests under way get a moment. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), 2_000);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }
}

function createTlsServer(tls: TlsPair, options: ServerOptions): HttpServer {
  // Loaded only here: TLS is a large part of Node.
  const { createServer: create } = process.getBuiltinModule('node:https');
  return create({ ...options, ...tls, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], handshakeTimeout: 10_000 });
}

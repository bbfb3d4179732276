import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Message, MessageType, Partially } from '#protobuf';
import type { Metadata, Method } from './call.ts';
import { readBatches, sendMessages } from './call.ts';
import { CLIENT_OPTIONS, WINDOW } from './limits.ts';
import { errorOf, RpcError } from './status.ts';

export interface CallOptions {
  readonly metadata?: Metadata;
  /** Aborting it cancels the call. */
  readonly signal?: AbortSignal;
}

/** A call as the client sees it. */
export interface ClientCall<Request extends MessageType, Response extends MessageType> {
  send(...requests: Partially<Request>[]): Promise<void>;
  /** Nothing more will be sent. */
  end(): void;
  /** The answers; throws at their end when the call failed. */
  responses(): AsyncIterable<Message<Response>>;
  /** The same, those together that came together. */
  batches(): AsyncIterable<readonly Message<Response>[]>;
  cancel(): void;
  /** The bytes of the messages that have come. */
  readonly received: number;
}

/** Calls procedures on a connection that speaks HTTP/2 already. */
export class Connection implements Disposable {
  readonly #session: ClientHttp2Session;
  readonly #closed: Promise<void>;

  constructor(connection: Duplex) {
    const { connect } = process.getBuiltinModule('node:http2');
    const options = { ...CLIENT_OPTIONS, createConnection: () => connection };
    this.#session = connect('http://localhost', options);
    this.#session.on('error', () => connection.destroy());
    this.#session.once('connect', (session) => session.destroyed || session.setLocalWindowSize(WINDOW));
    connection.once('close', () => this.#session.destroy());
    // A hijacked connection stays half open when the other side has gone: nothing else would ever close it.
    connection.once('end', () => connection.destroy());
    this.#closed = new Promise((resolve) => this.#session.once('close', () => resolve()));
  }

  /** Resolves when the connection has ended. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Begins a call. */
  open<Request extends MessageType, Response extends MessageType>(
    method: Method<Request, Response>,
    options: CallOptions = {},
  ): ClientCall<Request, Response> {
    if (!this.isOpen) throw new RpcError('unavailable', 'the connection is closed');
    options.signal?.throwIfAborted();
    const headers = {
      ...{ ':method': 'POST', ':path': method.path, ':scheme': 'http', ':authority': 'localhost' },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
      ...Object.fromEntries(options.metadata ?? []),
    };
    return new Opened(this.#session.request(headers, { endStream: false }), method, options.signal);
  }

  /** Asks one question and gives its one answer. */
  async unary<Request extends MessageType, Response extends MessageType>(
    method: Method<Request, Response>,
    request: Partially<Request>,
    options: CallOptions = {},
  ): Promise<Message<Response>> {
    const call = this.open(method, options);
    await call.send(request);
    call.end();
    let answer: Message<Response> | undefined;
    for await (const response of call.responses()) answer ??= response;
    if (answer === undefined) throw new RpcError('internal', 'the call has no answer');
    return answer;
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }
}

const NGHTTP2_CANCEL = 8;

class Opened<Request extends MessageType, Response extends MessageType> implements ClientCall<Request, Response> {
  readonly #stream: ClientHttp2Stream;
  readonly #method: Method<Request, Response>;
  readonly #signal: AbortSignal | undefined;
  #outcome: RpcError | undefined | 'open' = 'open';
  received = 0;

  constructor(stream: ClientHttp2Stream, method: Method<Request, Response>, signal: AbortSignal | undefined) {
    this.#stream = stream;
    this.#method = method;
    this.#signal = signal;
    const stop = () => this.cancel();
    signal?.addEventListener('abort', stop, { once: true });
    stream.on('error', () => {});
    stream.once('response', (headers) => this.#judge(headers));
    stream.once('trailers', (headers) => this.#judge(headers));
    stream.once('close', () => {
      signal?.removeEventListener('abort', stop);
      if (this.#outcome === 'open') this.#outcome = new RpcError('unavailable', 'the connection is closed');
    });
  }

  /** A call that fails at once says so in its head. */
  #judge(headers: Readonly<Record<string, unknown>>): void {
    if (this.#outcome !== 'open') return;
    const status = headers[':status'];
    if (headers['grpc-status'] !== undefined) this.#outcome = errorOf(headers);
    else if (status !== undefined && status !== 200) this.#outcome = new RpcError('unknown', `HTTP status ${status}`);
  }

  async send(...requests: Partially<Request>[]): Promise<void> {
    if (this.#outcome !== 'open' && this.#outcome) throw this.#outcome;
    await sendMessages(this.#stream, this.#method.request, requests);
  }

  end(): void {
    this.#stream.end();
  }

  async *responses(): AsyncGenerator<Message<Response>, void, undefined> {
    for await (const messages of this.batches()) yield* messages;
  }

  async *batches(): AsyncGenerator<readonly Message<Response>[], void, undefined> {
    let fault: unknown;
    try {
      yield* readBatches(this.#stream, this.#method.response, (bytes) => {
        this.received += bytes;
      });
    } catch (error) {
      fault = error;
    }
    this.#signal?.throwIfAborted();
    if (this.#outcome === 'open' && !this.#stream.closed) await closeOf(this.#stream);
    if (this.#outcome instanceof RpcError) throw this.#outcome;
    if (fault !== undefined) throw fault;
  }

  cancel(): void {
    if (!this.#stream.closed) this.#stream.close(NGHTTP2_CANCEL);
  }
}

const closeOf = (stream: ClientHttp2Stream) => new Promise((resolve) => stream.once('close', resolve));

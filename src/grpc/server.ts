import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Message, MessageType, Partially } from '#protobuf';
import type { Metadata, Method } from './call.ts';
import { metadataOf, readMessages, sendMessages } from './call.ts';
import { MAX_UNDER_WAY, SERVER_OPTIONS, WINDOW } from './limits.ts';
import { RpcError, trailersOf } from './status.ts';

/** A call as the server sees it. */
export interface ServerCall<Request extends MessageType, Response extends MessageType> {
  readonly metadata: Metadata;
  /** Aborts when the client cancels or goes away. */
  readonly signal: AbortSignal;
  /** The first message, for calls that have one only. */
  request(): Promise<Message<Request>>;
  requests(): AsyncIterable<Message<Request>>;
  /** Begins the answer before its first message. */
  begin(headers?: Readonly<Record<string, string>>): void;
  send(response: Partially<Response>): Promise<void>;
}

/** Serves one procedure. */
export interface Handler {
  readonly method: Method;
  readonly run: (call: ServerCall<MessageType, MessageType>) => Promise<void>;
}

/** A procedure with streams in either direction. */
export const streaming = <Request extends MessageType, Response extends MessageType>(
  method: Method<Request, Response>,
  run: (call: ServerCall<Request, Response>) => Promise<void>,
): Handler => ({ method, run }) as unknown as Handler;

/** A procedure of one question and one answer. */
export const unary = <Request extends MessageType, Response extends MessageType>(
  method: Method<Request, Response>,
  answer: (
    request: Message<Request>,
    call: ServerCall<Request, Response>,
  ) => Promise<Partially<Response>> | Partially<Response>,
): Handler => streaming(method, async (call) => await call.send(await answer(await call.request(), call)));

/** How a server meets its connection. */
export interface ServeOptions {
  /** What a procedure's error tells the client. */
  readonly failure: (error: unknown, path: string) => RpcError;
  /** Aborts when the connection is to be closed. */
  readonly signal?: AbortSignal;
}

/** Serves procedures on a connection that speaks HTTP/2 already; resolves when it has ended. */
export async function serve(
  connection: Duplex,
  handlers: ReadonlyMap<string, Handler>,
  options: ServeOptions,
): Promise<void> {
  const { performServerHandshake } = process.getBuiltinModule('node:http2');
  const session: ServerHttp2Session = performServerHandshake(connection, SERVER_OPTIONS);
  session.on('error', () => connection.destroy());
  session.once('connect', () => session.destroyed || session.setLocalWindowSize(WINDOW));
  const underWay = { bytes: 0 };
  session.on('stream', (stream, _headers, _flags, raw) => {
    stream.on('error', () => {});
    void run({ stream, underWay, raw: raw as unknown as readonly string[] }, handlers, options);
  });
  const stop = () => session.destroy();
  options.signal?.addEventListener('abort', stop, { once: true });
  await new Promise<void>((resolve) => {
    session.once('close', resolve);
    connection.once('close', () => session.destroy());
    // A hijacked connection stays half open when its client has gone: nothing else would ever close it.
    connection.once('end', () => connection.destroy());
  });
  options.signal?.removeEventListener('abort', stop);
  connection.destroy();
}

interface Arrived {
  readonly stream: ServerHttp2Stream;
  readonly raw: readonly string[];
  /** Of its connection. */
  readonly underWay: UnderWay;
}

interface UnderWay {
  bytes: number;
}

async function run(
  { stream, raw, underWay }: Arrived,
  handlers: ReadonlyMap<string, Handler>,
  options: ServeOptions,
): Promise<void> {
  const path = pseudo(raw, ':path');
  const handler = handlers.get(path);
  const call = new Served(stream, handler?.method, metadataOf(raw), underWay);
  try {
    if (!handler) throw unknownMethod(path);
    await handler.run(call as unknown as ServerCall<MessageType, MessageType>);
    call.finish(undefined);
  } catch (error) {
    call.finish(error instanceof RpcError ? error : options.failure(error, path));
  }
}

const pseudo = (raw: readonly string[], name: string): string => raw[raw.indexOf(name) + 1] ?? '';

function unknownMethod(path: string): RpcError {
  const [, service = '', name = ''] = path.split('/');
  return new RpcError('unimplemented', `unknown service ${service}, method ${name}`.slice(0, 400));
}

class Served {
  readonly metadata: Metadata;
  readonly #stream: ServerHttp2Stream;
  readonly #method: Method | undefined;
  readonly #gone = new AbortController();
  readonly #underWay: UnderWay;
  #held = 0;
  #isDone = false;

  constructor(stream: ServerHttp2Stream, method: Method | undefined, metadata: Metadata, underWay: UnderWay) {
    this.#underWay = underWay;
    this.#stream = stream;
    this.#method = method;
    this.metadata = metadata;
    stream.once('close', () => {
      if (!this.#isDone) this.#gone.abort(new RpcError('cancelled', 'context canceled'));
    });
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  async request(): Promise<Message<MessageType>> {
    for await (const message of this.requests()) return message;
    throw new RpcError('internal', 'the call has no message');
  }

  requests(): AsyncIterable<Message<MessageType>> {
    return readMessages(this.#stream, this.#method!.request, (bytes) => {
      this.#hold(bytes);
      if (this.#underWay.bytes <= MAX_UNDER_WAY) return;
      throw new RpcError('resource-exhausted', 'too much is under way on this connection');
    });
  }

  #hold(bytes: number): void {
    this.#underWay.bytes += bytes - this.#held;
    this.#held = bytes;
  }

  begin(headers: Readonly<Record<string, string>> = {}): void {
    const stream = this.#stream;
    if (stream.headersSent || stream.destroyed || stream.closed) return;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { waitForTrailers: true });
  }

  async send(response: Partially<MessageType>): Promise<void> {
    this.begin();
    await sendMessages(this.#stream, this.#method!.response, [response]);
  }

  /** Ends the call. What the client still sends is of no interest. */
  finish(error: RpcError | undefined): void {
    const stream = this.#stream;
    this.#isDone = true;
    this.#hold(0);
    if (stream.destroyed || stream.closed) return;
    this.begin();
    stream.once('wantTrailers', () => stream.sendTrailers(trailersOf(error)));
    stream.end();
    stream.resume();
  }
}

import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as plainRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { delay } from '#async';
import { internal } from '#errdefs';
import type { Log } from '#log';
import type { PluginAddress } from './address.ts';

const MEDIA_TYPE = 'application/vnd.docker.plugins.v1.2+json';
/** Docker's name for what listens on a socket. */
const NOWHERE = 'plugin.moby.localhost';
const ANSWER_LIMIT = 4 * 1024 * 1024;
/** How long one call may take, connecting again included. */
const CALL_MS = 30_000;

export interface CallOptions {
  /** In ms, for the whole call. */
  readonly timeout?: number;
  /** Whether one that cannot be reached is tried again. */
  readonly retry?: boolean;
  readonly signal?: AbortSignal;
}

/** Calls one plugin's methods: `POST /<method>` with JSON, answered by JSON or by a stream. */
export class PluginClient {
  readonly name: string;
  readonly #address: PluginAddress;
  readonly #log: Log;

  constructor(name: string, address: PluginAddress, log: Log) {
    this.name = name;
    this.#address = address;
    this.#log = log;
  }

  /** Calls a method and decodes its answer; `null` sends no body. Throws what the plugin says in `Err`. */
  async call<T extends object>(method: string, args: object | null, options: CallOptions = {}): Promise<T> {
    const { timeout = CALL_MS, retry = true, signal } = options;
    const limit = AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : [])]);
    const answer = await this.#open(method, args, { timeout, retry, signal: limit });
    const text = await this.#bounded(() => readAll(answer), method, limit);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) return value as T;
    } catch (error) {
      throw internal(`${method}: ${(error as Error).message}`, error);
    }
    throw internal(`${method}: the plugin's answer is no JSON object`);
  }

  /** Calls a method whose answer is bytes without a known end. The caller reads or destroys them; time is not limited. */
  async stream(method: string, args: object, { timeout = CALL_MS, signal }: CallOptions = {}): Promise<Readable> {
    return await this.#open(method, args, { timeout, ...(signal ? { signal } : {}) });
  }

  /** The answer once its head has come; Docker: a plugin that cannot be reached is tried again, with growing pauses. */
  async #open(method: string, args: object | null, options: Required<Pick<CallOptions, 'timeout'>> & CallOptions) {
    const end = performance.now() + options.timeout;
    for (let pause = 1000; ; pause *= 2) {
      try {
        const answer = await this.#bounded(() => this.#once(method, args, options.signal), method, options.signal);
        if (answer.statusCode === 200) return answer;
        throw internal(`${method}: ${refusal(await readAll(answer))}`);
      } catch (error) {
        if (options.retry === false || !isUnreachable(error) || performance.now() + pause >= end) throw error;
        this.#log.warn('unable to connect to a plugin, trying again', { plugin: this.name, method, pause, error });
        await this.#bounded(() => delay(pause, options), method, options.signal);
      }
    }
  }

  /** Docker's words for a call that took too long. */
  async #bounded<T>(work: () => Promise<T>, method: string, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!signal?.aborted) throw error;
      throw internal(`Post "http://${NOWHERE}/${method}": context deadline exceeded`, error);
    }
  }

  #once(method: string, args: object | null, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const body = args === null ? Buffer.alloc(0) : Buffer.from(`${JSON.stringify(args)}\n`);
    const options: RequestOptions = {
      ...(signal ? { signal } : {}),
      method: 'POST',
      path: `/${method}`,
      agent: false,
      headers: {
        Accept: MEDIA_TYPE,
        'Content-Type': MEDIA_TYPE,
        'Content-Length': body.length,
        'User-Agent': 'Go-http-client/1.1',
      },
    };
    return new Promise((resolve, reject) => {
      const sent = send(this.#address, options);
      sent.once('error', (error: NodeJS.ErrnoException) => reject(this.#explain(method, error)));
      sent.once('response', resolve);
      sent.end(body);
    });
  }

  #explain(method: string, error: NodeJS.ErrnoException): Error {
    const { code = '' } = error;
    const address = this.#address;
    const [host, place] =
      address.kind === 'unix'
        ? [NOWHERE, `unix ${address.path}`]
        : [`${address.host}:${address.port}`, `tcp ${address.host}:${address.port}`];
    const reason = REASONS[code] ? `dial ${place}: connect: ${REASONS[code]}` : error.message;
    return internal(`Post "http://${host}/${method}": ${reason}`, error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ECONNREFUSED: 'connection refused',
  EACCES: 'permission denied',
  EHOSTUNREACH: 'no route to host',
  ETIMEDOUT: 'i/o timeout',
};

function isUnreachable(error: unknown): boolean {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  return cause?.code !== undefined && cause.code in REASONS;
}

function send(address: PluginAddress, options: RequestOptions): ClientRequest {
  if (address.kind === 'unix') {
    return plainRequest({ ...options, socketPath: address.path, headers: { ...options.headers, Host: NOWHERE } });
  }
  const { host, port, tls } = address;
  if (!tls) return plainRequest({ ...options, host, port });
  // Loaded only here: TLS is a large part of Node.
  const { request } = process.getBuiltinModule('node:https');
  const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  const files = { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) };
  return request({ ...options, host, port, ...files, rejectUnauthorized: tls.verify, minVersion: 'TLSv1.2' });
}

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw internal(`the plugin's answer is larger than ${ANSWER_LIMIT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What went wrong: `Err` of its JSON, else all it said. */
function refusal(text: string): string {
  try {
    const { Err } = JSON.parse(text) as { Err?: unknown };
    if (typeof Err === 'string' && Err !== '') return Err;
  } catch {
    // Docker: plugins may answer an error in plain text.
  }
  return text;
}

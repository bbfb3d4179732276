import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Nothing coming for so long is the end of a transfer. */
export const STALL_MS = 30_000;
const NOTHING = 'i/o timeout: the registry stopped sending';
const TOO_LITTLE = 'i/o timeout: the registry sends next to nothing';
/** Fewer bytes than these in {@link STALL_MS} of waiting is a stall too. */
const LEAST_BYTES = 8 * 1024;

/** One request on the wire. */
export interface Outgoing {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable;
  readonly agent: Agent;
  readonly lookup?: LookupFunction;
  readonly signal?: AbortSignal;
  /** How long the head of the answer may take once the request is sent. */
  readonly patience?: number;
  /** How long nothing, or next to nothing, may come. */
  readonly stall?: number;
}

/** An answer whose body was not read yet: read it, or `cancel`. */
export interface Incoming {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  /** The URL that answered in the end. */
  readonly url: URL;
  /** The bytes as they come; a stall is an error. */
  body(): AsyncGenerator<Buffer>;
  cancel(): void;
}

/** An error that says what Go's client says of a wait that was too long. */
function stalled(message: string): Error {
  return Object.assign(new Error(message), { code: 'ESTALLED' });
}

/** Sends a request; resolves with the head of its answer. */
export async function exchange(url: URL, outgoing: Outgoing): Promise<Incoming> {
  const { method, headers, body, agent, lookup, signal, stall = STALL_MS, patience = stall } = outgoing;
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const options = { method, headers: { ...headers }, agent, ...(lookup && { lookup }), ...(signal && { signal }) };
  const request = send(url, options);
  // Reused or not, a socket that says nothing while we wait for the head has died.
  const timer = setTimeout(() => request.destroy(stalled('net/http: timeout awaiting response headers')), patience);
  const sending = body instanceof Readable ? pipeline(body, request, { end: true }) : undefined;
  try {
    return await new Promise<Incoming>((resolve, reject) => {
      request.once('error', reject);
      request.once('response', (message) => resolve(incoming(url, message, stall)));
      if (body instanceof Readable) {
        body.on('data', () => timer.refresh());
        sending!.catch(reject);
      } else request.end(body);
    });
  } finally {
    clearTimeout(timer);
    // A registry may answer, and refuse, before it has read all.
    request.on('error', () => {});
    sending?.catch(() => {});
  }
}

function incoming(url: URL, message: IncomingMessage, stall: number): Incoming {
  message.on('error', () => {});
  return {
    status: message.statusCode!,
    statusText: message.statusMessage ?? '',
    headers: message.headers,
    url,
    body: () => guarded(message, stall),
    cancel: () => void message.destroy(),
  };
}

/** A body; only the time that its reader waits counts, so a slow reader is not taken for a slow registry. */
async function* guarded(message: IncomingMessage, stall: number): AsyncGenerator<Buffer> {
  let waited = 0;
  let got = 0;
  const chunks = message[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const began = performance.now();
      const timer = setTimeout(() => message.destroy(stalled(NOTHING)), stall);
      const next = await chunks.next().finally(() => clearTimeout(timer));
      if (next.done) break;
      waited += performance.now() - began;
      got += next.value.length;
      if (waited > stall && got < LEAST_BYTES) throw stalled(TOO_LITTLE);
      if (got >= LEAST_BYTES) waited = got = 0;
      yield next.value;
    }
    if (!message.complete) throw Object.assign(new Error('unexpected EOF'), { code: 'ETRUNCATED' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).message === 'aborted'
      ? Object.assign(new Error('unexpected EOF', { cause: error }), { code: 'ETRUNCATED' })
      : error;
  } finally {
    if (!message.complete || !message.readableEnded) message.destroy();
  }
}

/** The whole of a body, when it has at most `limit` bytes; undefined when it has more. */
export async function readAll(answer: Incoming, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body()) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

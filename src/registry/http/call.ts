import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reader } from '../reader.ts';
import type { Registry } from '../registry.ts';

/** One request on its way to an answer. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly registry: Registry;
  /** What is read comes from here. */
  readonly reader: Reader;
  /** Who asks; undefined: nobody in particular. */
  readonly account: string | undefined;
  /** Whether who asks may push there; false where nothing can be changed. */
  readonly mayPush: boolean;
  /** Whether who asks has the storage's blobs himself. */
  isOwner(): Promise<boolean>;
}

type Headers = Readonly<Record<string, string | number>>;

/** Answers with these headers and this body. */
export function answer({ request, response }: Call, status: number, headers: Headers = {}, body = ''): void {
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...length, ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Answers with JSON. */
export function answerJson(call: Call, value: unknown, headers: Headers = {}): void {
  answer(call, 200, { 'Content-Type': 'application/json', ...headers }, `${JSON.stringify(value)}\n`);
}

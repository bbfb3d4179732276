import type { Duplex } from 'node:stream';
import { rawHead } from './head.ts';

const PLAIN = ['Content-Type', 'text/plain; charset=utf-8', 'Connection', 'close'];

/** What Go's server says of what is not HTTP. */
export const BAD_REQUEST = `${rawHead(400, PLAIN)}400 Bad Request`;
const NOT_FOUND = `${rawHead(404, ['Content-Type', 'application/json', 'Connection', 'close'])}{"message":"page not found"}\n`;
const HEAD_TOO_LARGE = `${rawHead(431, PLAIN)}431 Request Header Fields Too Large`;

/** Ends a connection whose request could not be read; one that was silent or has gone gets no answer. */
export function answerClientError(error: NodeJS.ErrnoException, connection: Duplex): void {
  const isLost = error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const answered = (connection as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent === true;
  if (isLost || answered || !connection.writable) {
    connection.destroy();
    return;
  }
  const answer = answerFor(error);
  // What the client still sends is read and dropped for a moment: closing at once would reset the answer away.
  connection.end(answer);
  connection.resume();
  const timer = setTimeout(() => connection.destroy(), 500);
  connection.once('close', () => clearTimeout(timer));
}

/** Go's words for a client that speaks plain HTTP to a TLS door; TLS itself cannot carry them. */
export function answerPlainRequest(error: NodeJS.ErrnoException, connection: Duplex): void {
  const { _parent: raw } = connection as { _parent?: Duplex };
  if (error.code !== 'ERR_SSL_HTTP_REQUEST' || !raw) return;
  raw.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
}

/** Node's parser knows a closed set of methods; others are as good as an unknown path. */
const UNKNOWN_METHOD = /^[A-Z]+ \S+ HTTP\/1\.[01]\r\n/;

function answerFor({ code, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): string {
  if (code === 'HPE_HEADER_OVERFLOW') return HEAD_TOO_LARGE;
  const isMethod = code === 'HPE_INVALID_METHOD' && UNKNOWN_METHOD.test(rawPacket?.toString('latin1', 0, 2048) ?? '');
  return isMethod ? NOT_FOUND : BAD_REQUEST;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryError } from '../errors.ts';

/** What is read and thrown away of a refused body, so that its sender comes to read why. */
const LINGER_BYTES = 64 * 2 ** 20;
const LINGER_MS = 2_000;

/** Answers with an error, also while the body of the request is still coming. */
export async function answerFailure(
  request: IncomingMessage,
  response: ServerResponse,
  error: RegistryError,
): Promise<void> {
  if (response.headersSent) return void response.destroy();
  const body = request.method === 'HEAD' || error.status === 304 ? '' : error.body();
  const isComing = !request.complete && hasBody(request);
  response.writeHead(error.status, {
    'Content-Type': 'application/json',
    ...(error.status !== 304 && { 'Content-Length': Buffer.byteLength(error.body()) }),
    ...error.headers,
    ...(isComing && { Connection: 'close' }),
  });
  if (!isComing) return void response.end(body);
  response.write(body);
  await swallow(request);
  response.end();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Closing a connection that has unread bytes would reset it, and take the answer away from its reader. */
function swallow(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let came = 0;
    const timer = setTimeout(resolve, LINGER_MS);
    request.on('data', (chunk: Buffer) => {
      if ((came += chunk.length) > LINGER_BYTES) resolve();
    });
    request.once('close', resolve);
    request.once('end', resolve);
    request.once('error', () => resolve());
    void Promise.resolve().then(() => request.resume());
    request.once('close', () => clearTimeout(timer));
  });
}

import { request } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one JSON request to a unix socket; rejects when the daemon dies before its answer is whole. */
export function api(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  timeoutMs = 30_000,
): Promise<Reply> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers =
    payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers, agent: false, timeout: timeoutMs });
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer within ${timeoutMs} ms`)));
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the daemon died while answering')));
      response.on('end', () => resolve({ status: response.statusCode!, body: decode(Buffer.concat(chunks)) }));
    });
    outgoing.end(payload);
  });
}

function decode(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export interface Listed {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
}

/** All containers, whatever their state. */
export async function listAll(socket: string): Promise<Listed[]> {
  return (await api(socket, 'GET', '/v1.50/containers/json?all=1')).body as Listed[];
}

import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * The calls of `docker run --rm` over raw sockets, without the CLI: create, attach, wait for removal, start.
 * Returns the milliseconds until the answer of `wait`.
 */
export async function runRaw(socket: string, network: string): Promise<number> {
  const started = performance.now();
  const body = JSON.stringify({
    Image: 'conformance',
    Cmd: ['true'],
    HostConfig: { AutoRemove: true, NetworkMode: network },
  });
  const created = await call(socket, 'POST', '/v1.47/containers/create', body);
  const id = /"Id":"([0-9a-f]{64})"/.exec(created)?.[1];
  if (!id) throw new Error(`create: ${created}`);
  const attached = await hijack(socket, `/v1.47/containers/${id}/attach?stream=1&stdout=1&stderr=1`);
  const waiting = call(socket, 'POST', `/v1.47/containers/${id}/wait?condition=removed`, '');
  await call(socket, 'POST', `/v1.47/containers/${id}/start`, '');
  const done = await waiting;
  if (!done.includes('"StatusCode":0')) throw new Error(`wait: ${done}`);
  attached.destroy();
  return performance.now() - started;
}

/** One request on a connection of its own; resolves with the whole answer. */
async function call(socket: string, method: string, path: string, body: string): Promise<string> {
  const connection = connect(socket);
  const type = body ? 'Content-Type: application/json\r\n' : '';
  const head = `${method} ${path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n${type}`;
  connection.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  const chunks: Buffer[] = [];
  connection.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(connection, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

async function hijack(socket: string, path: string) {
  const connection = connect(socket);
  connection.write(
    `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`,
  );
  const [head] = (await once(connection, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(`attach: ${head.toString('latin1')}`);
  connection.resume();
  return connection;
}

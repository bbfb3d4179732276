import { chmodSync, chownSync } from 'node:fs';
import { createServer } from 'node:net';
import { pipeline } from 'node:stream';
import type { BuildInputs } from '../inputs.ts';

/** As many connections a step may have to an agent at once. */
const CONNECTIONS = 64;

interface Forwarding {
  readonly path: string;
  readonly id: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * Listens for a step at a socket in a folder that nobody else sees, and joins each connection with the client's agent.
 * Keys stay with the client.
 */
export async function forwardAgent(
  inputs: Pick<BuildInputs, 'ssh'>,
  { path, id, uid, gid, mode }: Forwarding,
): Promise<AsyncDisposable> {
  const server = createServer((connection) => {
    inputs.ssh(id).then(
      (agent) => {
        if (!agent) return connection.destroy();
        pipeline(connection, agent, () => connection.destroy());
        pipeline(agent, connection, () => agent.destroy());
        return undefined;
      },
      () => connection.destroy(),
    );
  });
  server.maxConnections = CONNECTIONS;
  const open = new Set<{ destroy(): void }>();
  server.on('connection', (connection) => {
    open.add(connection);
    connection.on('error', () => {}).once('close', () => open.delete(connection));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const connection of open) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

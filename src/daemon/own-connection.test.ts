import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { inodesOf, isOwnConnection } from './own-connection.ts';

test('both ends of a connection in this process are its own', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const [arrived] = (await once(server, 'connection')) as [Socket];
  assert.equal(await isOwnConnection(arrived), true);
  client.destroy();
  arrived.destroy();
  server.close();
});

test('sockets are found by both ports', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1388 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 11 1 0 20 4 30 10 -1',
    '   1: 0100007F:D431 0100007F:1388 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 20 4 30 10 -1',
    '   2: 0100007F:D431 0100007F:1389 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1',
  ].join('\n');
  assert.deepEqual(inodesOf(table, { from: 0xd431, to: 5000 }), ['22']);
  assert.deepEqual(inodesOf(table, { from: 0xd431, to: 5001 }), []);
});

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { acceptWebSocket } from './handshake.ts';

const asking = (connection: string) =>
  ({
    httpVersion: '1.1',
    headers: {
      connection,
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  }) as unknown as IncomingMessage;

test('only what HTTP takes for white space surrounds the word', () => {
  assert.match(
    acceptWebSocket(asking('keep-alive,\t Upgrade')),
    /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i,
  );
  for (const connection of ['keep-alive', '\xa0Upgrade']) {
    assert.throws(() => acceptWebSocket(asking(connection)), { message: 'not websocket protocol' });
  }
});

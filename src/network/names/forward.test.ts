import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overUdp } from './forward.ts';

test('a server that cannot be reached is an error of the question, not of the daemon', async () => {
  // The kernel refuses to connect to a broadcast address.
  await assert.rejects(overUdp(Buffer.alloc(12), '255.255.255.255'), { code: 'EACCES' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenAddress } from './listen-address.ts';

test('what has no scheme is tcp, as Docker reads it', () => {
  const read: Record<string, string> = {
    '0.0.0.0:2375': 'tcp://0.0.0.0:2375',
    ':2375': 'tcp://localhost:2375',
    'localhost:80': 'tcp://localhost:80',
    localhost: 'tcp://localhost',
    ':': 'tcp://localhost',
    'tcp://': 'tcp://localhost',
    'tcp://:0': 'tcp://localhost:0',
    '[::1]:2376': 'tcp://[::1]:2376',
    'tcp://[::]': 'tcp://[::]',
    ' tcp://a.example:1/ ': 'tcp://a.example:1',
    '/x.sock': 'unix:///x.sock',
    'unix:///x.sock': 'unix:///x.sock',
    'fd://3': 'fd://3',
  };
  for (const [given, address] of Object.entries(read)) assert.equal(listenAddress(given), address, given);
});

test('what is no address is refused', () => {
  for (const given of [
    '',
    'ftp://x',
    ':x',
    'a:70000',
    'tcp://h:1/path',
    'tcp://u:p@h:1',
    '::1:2375',
    'unix://x',
    'a b',
  ]) {
    assert.throws(() => listenAddress(given), /^Error: invalid bind address /, given);
  }
});

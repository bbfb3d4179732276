import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from './address.ts';

test('ssh addresses become words of ssh, whatever they try to be', () => {
  const words = (text: string) => {
    const address = parseAddress(text);
    return address.kind === 'ssh' ? [...address.words, address.path] : address.kind;
  };
  assert.deepEqual(words('ssh://me@host:2222'), ['-l', 'me', '-p', '2222', '--', 'host', '']);
  assert.deepEqual(words('ssh://host/run/x.sock'), ['--', 'host', '/run/x.sock']);
  assert.deepEqual(words('ssh://[::1]'), ['--', '::1', '']);
  assert.deepEqual(words('ssh://-oProxyCommand=x'), ['--', '-oProxyCommand=x', '']);
  for (const [text, message] of [
    ['ssh://me:secret@host', /plain-text password is not supported/],
    ['ssh://host?x=y', /query parameters are not allowed: "x=y"/],
    ['ssh://', /invalid SSH URL|hostname is empty/],
  ] as const) {
    assert.throws(() => parseAddress(text), message);
  }
});

test('addresses in the forms that -H takes', () => {
  const shown = (text: string, tls?: { verify: boolean }) => {
    const { text: _text, ...address } = parseAddress(text, tls);
    return address;
  };
  assert.deepEqual(shown('unix:///x.sock'), { kind: 'unix', path: '/x.sock' });
  assert.deepEqual(shown('tcp://host'), { kind: 'tcp', host: 'host', port: 2375, prefix: '' });
  assert.deepEqual(shown('tcp://host', { verify: true }), {
    kind: 'tcp',
    host: 'host',
    port: 2376,
    prefix: '',
    tls: { verify: true },
  });
  assert.deepEqual(shown(':1234'), { kind: 'tcp', host: '127.0.0.1', port: 1234, prefix: '' });
  assert.deepEqual(shown('tcp://[::1]:99/base/'), { kind: 'tcp', host: '::1', port: 99, prefix: '/base' });
  assert.throws(() => parseAddress('ftp://x'), { message: 'invalid bind address format: ftp://x' });
});

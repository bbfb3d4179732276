import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAddress } from './address.ts';
import { BodyDecoder } from './body-decoder.ts';
import { Client } from './client.ts';
import { encodeQuery } from './transport.ts';

/** A server on a unix socket that hands every connection's first bytes to `answer`. */
async function serve(answer: (request: string, socket: Socket) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-client-'));
  const path = join(folder, 's');
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('data', (bytes) => answer(bytes.toString(), socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    client: new Client(parseAddress(`unix://${path}`)),
    path,
    [Symbol.dispose]: () => {
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const json = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test('a request is one connection, with the newest version in its path', async () => {
  let seen = '';
  using server = await serve((request, socket) => {
    seen = request;
    socket.end(json('200 OK', '[{"Id":"x"}]'));
  });
  assert.deepEqual(await server.client.containers.list({ all: true }), [{ Id: 'x' }]);
  assert.match(seen, /^GET \/v1\.50\/containers\/json\?all=1 HTTP\/1\.1\r\nHost: api\.moby\.localhost\r\n/);
});

test('an older daemon is asked again in its own version, from then on', async () => {
  const paths: string[] = [];
  using server = await serve((request, socket) => {
    paths.push(request.split(' ')[1] ?? '');
    const old = 'client version 1.50 is too new. Maximum supported API version is 1.41';
    socket.end(
      request.includes('/v1.41/') ? json('200 OK', '{}') : json('400 Bad Request', JSON.stringify({ message: old })),
    );
  });
  await server.client.system.info();
  await server.client.system.version();
  assert.deepEqual(paths, ['/v1.50/info', '/v1.41/info', '/v1.41/version']);
});

test("a refusal carries the daemon's words and status", async () => {
  using server = await serve((_, socket) => socket.end(json('404 Not Found', '{"message":"No such container: x"}\n')));
  await assert.rejects(server.client.containers.kill('x', 'TERM'), {
    message: 'Error response from daemon: No such container: x',
    status: 404,
  });
});

test('nobody listening is told as docker tells it', async () => {
  const client = new Client(parseAddress('unix:///nowhere/at/all.sock'));
  await assert.rejects(client.system.info(), {
    message: 'Cannot connect to the Docker daemon at unix:///nowhere/at/all.sock. Is the docker daemon running?',
  });
});

test('a body that ends too early is an error', async () => {
  using server = await serve((_, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a"'));
  await assert.rejects(server.client.system.info(), { message: 'unexpected EOF' });
});

test('a hijacked connection keeps what came behind its head, and closes one way at a time', async () => {
  using server = await serve((_, socket) => {
    socket.write('HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\nearly');
    let all = '';
    socket.on('data', (bytes) => {
      all += bytes.toString();
    });
    socket.on('end', () => socket.end(` after ${all}`));
  });
  const streams = { stream: true, stdin: true, stdout: true, stderr: true };
  const { socket, rest } = await server.client.containers.attach('x', streams);
  let seen = rest.toString();
  socket.on('data', (bytes) => {
    seen += bytes.toString();
  });
  const ended = new Promise((resolve) => socket.on('end', resolve));
  socket.resume();
  socket.end('stdin');
  await ended;
  socket.destroy();
  assert.equal(seen, 'early after stdin');
});

test('a streamed body arrives whole', async () => {
  let received = '';
  using server = await serve((request, socket) => {
    received = request;
    const done = () => received.endsWith('0\r\n\r\n') && socket.end(json('200 OK', '{"stream":"ok"}'));
    socket.on('data', (bytes) => {
      received += bytes.toString();
      done();
    });
    done();
  });
  async function* pieces() {
    yield Buffer.from('hello');
    yield Buffer.from('world!');
  }
  const { body } = await server.client.images.load(pieces(), { quiet: true });
  assert.equal(await body.text(), '{"stream":"ok"}');
  assert.match(received, /Transfer-Encoding: chunked\r\n[\s\S]*\r\n\r\n5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n$/);
});

test('chunks come apart the same however the bytes are cut', () => {
  const bytes = Buffer.from('4;x=1\r\nwiki\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: y\r\n\r\n');
  for (let size = 1; size <= bytes.length; size += 1) {
    const decoder = new BodyDecoder({ kind: 'chunked' });
    let text = '';
    for (let at = 0; at < bytes.length; at += size) text += Buffer.concat(decoder.push(bytes.subarray(at, at + size)));
    assert.equal(text, 'wiki0123456789abcdef');
    assert.ok(decoder.done);
  }
  assert.throws(() => new BodyDecoder({ kind: 'chunked' }).push(Buffer.from('zz\r\n')), /chunk length/);
});

test('queries leave out what is unset, repeat lists and escape', () => {
  assert.equal(
    encodeQuery({ b: true, a: 'x y&', c: false, d: '', e: ['1', '2'], f: 0 }),
    '?a=x%20y%26&b=1&e=1&e=2&f=0',
  );
  assert.equal(encodeQuery({}), '');
});

test('addresses', () => {
  assert.deepEqual(parseAddress('unix:///x'), { kind: 'unix', text: 'unix:///x', path: '/x' });
  assert.deepEqual(parseAddress('tcp://h'), { kind: 'tcp', text: 'tcp://h:2375', host: 'h', port: 2375, prefix: '' });
  assert.deepEqual(parseAddress('[::1]:99'), {
    kind: 'tcp',
    text: 'tcp://[::1]:99',
    host: '::1',
    port: 99,
    prefix: '',
  });
  assert.throws(() => parseAddress('foo://x'), { message: 'invalid bind address format: foo://x' });
});

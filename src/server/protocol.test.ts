import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeFrame } from '#api';
import { nullLog } from '#log';
import { Server } from './index.ts';
import { EchoEngine, testDeps } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'gantry-server-'));
const path = join(folder, 'api.sock');
const engine = new EchoEngine();
const server = new Server(testDeps(engine));

before(async () => {
  await server.listen([`unix://${path}`], { group: String(process.getgid!()) });
  await engine.create({ Tty: false } as never, { name: 'web' });
  await engine.create({ Tty: true } as never, { name: 'tty' });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** A client that speaks in bytes. */
class Raw {
  readonly socket: Socket;
  #text = '';
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(at = path) {
    this.socket = connect({ path: at, allowHalfOpen: true });
    this.socket.on('data', (data) => {
      this.#text += data.toString('latin1');
      this.#wake?.();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.#close());
    this.socket.on('end', () => this.#close());
  }

  send(...parts: (string | Buffer)[]): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** All bytes so far, as soon as they contain the text; fails after a second. */
  async until(text: string): Promise<string> {
    const deadline = Date.now() + 1000;
    while (!this.#text.includes(text)) {
      assert.ok(
        !this.#isClosed && Date.now() < deadline,
        `no ${JSON.stringify(text)} in ${JSON.stringify(this.#text)}`,
      );
      await this.#more(deadline);
    }
    return this.#text;
  }

  /** All bytes until the server has ended its side. */
  async rest(): Promise<string> {
    const deadline = Date.now() + 2000;
    while (!this.#isClosed) {
      assert.ok(Date.now() < deadline, `still open after ${JSON.stringify(this.#text)}`);
      await this.#more(deadline);
    }
    this.socket.destroy();
    return this.#text;
  }

  #more(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, deadline - Date.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }
}

const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const post = (target: string, body = '', headers = 'Content-Type: application/json\r\n') =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const CLOSE = 'Connection: close\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';
const frame = (text: string) => encodeFrame('stdout', Buffer.from(text)).toString('latin1');

test('a unix socket has its mode and group', () => {
  const { mode, gid } = statSync(path);
  assert.equal(mode & 0o777, 0o660);
  assert.equal(gid, process.getgid!());
});

test('ping says what clients negotiate with', async () => {
  const answer = await new Raw().send(get('/_ping', CLOSE)).rest();
  for (const line of [
    'HTTP/1.1 200 OK',
    'Api-Version: 1.50',
    'Docker-Experimental: false',
    'Ostype: linux',
    'Server: Docker/28.5.2 (linux)',
    'Builder-Version: 2',
    'Swarm: inactive',
    'Cache-Control: no-cache, no-store, must-revalidate',
    'Pragma: no-cache',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Length: 2',
  ]) {
    assert.ok(answer.includes(`${line}\r\n`), line);
  }
  assert.ok(answer.endsWith('\r\n\r\nOK'));
});

test('pipelined requests are answered in order', async () => {
  const answer = await new Raw().send(get('/v1.50/nope'), get('/_ping'), get('/v1.99/_ping', CLOSE)).rest();
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
  assert.deepEqual(statuses, ['404', '200', '400']);
});

test('a head may come byte by byte', async () => {
  const client = new Raw();
  for (const byte of get('/_ping', CLOSE)) {
    client.send(byte);
    await new Promise(setImmediate);
  }
  assert.match(await client.rest(), /200 OK/);
});

test('a head of 1 MiB is read, a longer one is 431, both as Go does', async () => {
  const header = (size: number) => `X-Long: ${'a'.repeat(size)}\r\n`;
  assert.match(await new Raw().send(get('/_ping', header(1_040_000) + CLOSE)).rest(), /200 OK/);
  const tooLong = await new Raw().send(get('/_ping', header(1_100_000))).rest();
  assert.match(tooLong, /^HTTP\/1\.1 431 .*\r\n\r\n431 Request Header Fields Too Large$/s);
});

test('errors are JSON of exactly that type, with a newline at the end', async () => {
  const answer = await new Raw().send(get('/v1.50/containers/<a>&/json', CLOSE)).rest();
  assert.match(answer, /404 Not Found/);
  assert.ok(answer.includes('Content-Type: application/json\r\n'));
  assert.ok(answer.endsWith('{"message":"No such container: <a>&"}\n'));
});

test('versions too old are told in plain text, too new in JSON; unknown paths first', async () => {
  const old = await new Raw().send(get('/v1.23/info', CLOSE)).rest();
  assert.ok(old.includes('Content-Type: text/plain; charset=utf-8\r\n'));
  assert.ok(old.endsWith('upgrade your client to a newer version\n'));
  const recent = await new Raw().send(get('/v1.51/info', CLOSE)).rest();
  assert.ok(recent.endsWith('{"message":"client version 1.51 is too new. Maximum supported API version is 1.50"}\n'));
  assert.match(await new Raw().send(get('/v1.99/nope', CLOSE)).rest(), /page not found/);
});

for (const [what, bytes, status] of [
  ['garbage', 'GARBAGE\r\n\r\n', '400 Bad Request'],
  ['no Host', 'GET /_ping HTTP/1.1\r\n\r\n', '400 Bad Request'],
  ['a bad length', 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', '400 Bad Request'],
  ['two lengths', 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400 Bad Request'],
  ['a bad chunk', 'POST /auth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'HTTP/1.1'],
  ['a broken escape', 'GET /containers/%zz/json HTTP/1.1\r\nHost: x\r\n\r\n', '400 Bad Request'],
  ['a method nobody has', 'FOO /_ping HTTP/1.1\r\nHost: x\r\n\r\n', '404 Not Found'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 Bad Request'],
] as const) {
  test(`${what} is answered, and the connection ends`, async () => {
    assert.ok((await new Raw().send(bytes).rest()).includes(status));
  });
}

test('an unknown upgrade is served as plain HTTP, and the connection goes on', async () => {
  const client = new Raw().send(
    get('/_ping', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n'),
  );
  assert.match(await client.until('OK'), /^HTTP\/1\.1 200 OK/);
  assert.match(await client.send(get('/nope', CLOSE)).rest(), /page not found/);
});

test('paths that are not clean are moved', async () => {
  const answer = await new Raw().send(get('/v1.50//info?a=b', CLOSE)).rest();
  assert.match(answer, /301 Moved Permanently/);
  assert.ok(answer.includes('Location: /v1.50/info?a=b\r\n'));
});

test('a client that closes its side early still gets its answer', async () => {
  const client = new Raw().send(get('/v1.50/containers/web/json'));
  client.socket.end();
  assert.match(await client.rest(), /200 OK.*"Name":"\/web"/s);
});

for (const [body, type, message] of [
  ['{}', '', 'malformed Content-Type header (): mime: no media type'],
  ['{}', 'Content-Type: text/plain\r\n', "unsupported Content-Type header (text/plain): must be 'application/json'"],
  ['{}', 'Content-Type: a;b/c\r\n', 'malformed Content-Type header (a;b/c): mime: invalid media parameter'],
  ['', '', 'invalid JSON: got EOF while reading request body'],
  ['{}', 'Content-Type: application/json; charset=utf-8\r\n', 'config cannot be empty in order to create a container'],
  [
    '{"Image":1}',
    'Content-Type: Application/JSON\r\n',
    'invalid JSON: json: cannot unmarshal number into Go struct field .Image of type string',
  ],
  ['{"Image":"a"} {}', 'Content-Type: application/json\r\n', 'unexpected content after JSON'],
] as const) {
  test(`a body ${JSON.stringify(body)} with ${JSON.stringify(type)} is judged as Docker does`, async () => {
    const answer = await new Raw().send(post('/v1.50/containers/create', body, type + CLOSE)).rest();
    assert.match(answer, /400 Bad Request/);
    assert.deepEqual(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), { message });
  });
}

test('a body that is too long is refused without being read', async () => {
  const head = `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n`;
  assert.match(await new Raw().send(head).rest(), /413 Payload Too Large.*larger than 4194304 bytes/s);
  const chunked = `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const client = new Raw().send(chunked);
  for (let i = 0; i < 5; i++) client.send('100000\r\n', 'a'.repeat(0x100000), '\r\n');
  assert.match(await client.rest(), /413 Payload Too Large/);
});

test('a client that expects to be told to go on is told', async () => {
  const body = '{"Image":"busybox"}';
  const head = post(
    '/v1.50/containers/create?name=expect',
    body,
    'Content-Type: application/json\r\nExpect: 100-continue\r\n',
  );
  const client = new Raw().send(head.slice(0, -body.length));
  await client.until('HTTP/1.1 100 Continue\r\n\r\n');
  assert.match(await client.send(body).until('"Warnings":[]}\n'), /201 Created/);
  client.socket.destroy();
});

test('wait sends its head when it is registered, and its body when it is over', async () => {
  const client = new Raw().send(post('/v1.50/containers/web/wait?condition=next-exit'));
  const head = await client.until('\r\n\r\n');
  assert.ok(head.includes('Transfer-Encoding: chunked\r\n') && !head.includes('StatusCode'));
  await engine.stop('web');
  await client.until('{"StatusCode":137}\n');
  client.socket.destroy();
});

test('a call that ends because its client left is no fault of the engine', async () => {
  const errors: unknown[] = [];
  const load = async function* (_body: unknown, { signal }: { signal: AbortSignal }) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    signal.throwIfAborted();
    yield {};
  };
  const other = new Server(
    testDeps(engine, { images: { load } as never, log: { ...nullLog, error: (...line) => errors.push(line) } }),
  );
  const at = join(folder, 'other.sock');
  await other.listen([`unix://${at}`], { group: String(process.getgid!()) });
  const client = new Raw(at).send(post('/images/load'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.socket.end();
  assert.match(await client.rest(), /500 Internal Server Error.*{"message":"context canceled"}/s);
  assert.deepEqual(errors, []);
  await other.close();
});

test('a client that leaves while it waits is let go', async () => {
  const client = new Raw().send(post('/v1.50/containers/web/wait'));
  await client.until('\r\n\r\n');
  client.socket.end();
  await client.rest();
});

test('logs and events send their heads before there is anything to say', async () => {
  const logs = new Raw().send(get('/v1.50/containers/web/logs?stdout=1&follow=1'));
  assert.ok(
    (await logs.until(frame('line\n'))).includes('Content-Type: application/vnd.docker.multiplexed-stream\r\n'),
  );
  const events = new Raw().send(get('/events'));
  assert.ok((await events.until('\r\n\r\n')).includes('Content-Type: application/json\r\n'));
  // The end of the client's side ends the stream, as it cancels Go's context.
  logs.socket.end();
  assert.ok((await logs.rest()).endsWith('0\r\n\r\n'));
  events.socket.destroy();
});

for (const [how, headers, head] of [
  [
    'an upgrade',
    UPGRADE,
    'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
  ],
  [
    'a header alone',
    'Upgrade: x\r\n',
    'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
  ],
  ['nothing', '', 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n'],
] as const) {
  test(`attach with ${how}: bytes behind the head are kept, and each side ends alone`, async () => {
    const client = new Raw().send(
      `POST /v1.50/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${headers}\r\nearly GET / HTTP/1.1\r\n\r\n`,
    );
    const early = `${head}${frame('early GET / HTTP/1.1\r\n\r\n')}`;
    assert.equal(await client.until('early GET / HTTP/1.1\r\n\r\n'), early);
    client.send('late');
    await client.until('late');
    client.socket.end();
    assert.equal(await client.rest(), early + frame('late') + frame('eof'));
  });
}

test('attach to a terminal, or by an old client, is called raw', async () => {
  const attach = (target: string) => new Raw().send(`POST ${target} HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`);
  const clients = [attach('/v1.50/containers/tty/attach?stream=1'), attach('/v1.41/containers/web/attach?stream=1')];
  for (const client of clients) {
    assert.ok((await client.until('\r\n\r\n')).includes('Content-Type: application/vnd.docker.raw-stream\r\n'));
    client.socket.destroy();
  }
});

test('attach that fails is told in plain text behind a bare head', async () => {
  const bare = (target: string) => new Raw().send(`POST ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).rest();
  const about = 'Content-Type: application/vnd.docker.raw-stream\r\n\r\n';
  assert.equal(await bare('/containers/nope/attach'), `HTTP/1.1 404 Not Found\r\n${about}No such container: nope\r\n`);
  assert.equal(
    await bare('/containers/web/attach?detachKeys=xyz'),
    `HTTP/1.1 400 Bad Request\r\n${about}Invalid detach keys (xyz) provided\r\n`,
  );
});

test('exec start is taken over behind its body, whole or in pieces, plain or chunked', async () => {
  const { Id } = engine.execCreate('web', { Cmd: ['cat'], Tty: false } as never);
  const target = `/v1.50/exec/${Id}/start`;
  const type = 'Content-Type: application/json\r\n';
  const whole = new Raw().send(`${post(target, '{}', type + UPGRADE)}early`);
  await whole.until(frame('early'));
  const pieces = new Raw().send(post(target, '{"Detach":false}', type + UPGRADE).slice(0, -5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await pieces.send('alse}', 'x').until(frame('x'));
  const chunked = new Raw().send(
    `POST ${target} HTTP/1.1\r\nHost: x\r\n${type}${UPGRADE}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nearly`,
  );
  await chunked.until(frame('early'));
  const plain = new Raw().send(post(target, '{}'));
  assert.match(
    await plain.until('\r\n\r\n'),
    /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n/,
  );
  await plain.send('late').until(frame('late'));
  for (const client of [whole, pieces, chunked, plain]) {
    client.socket.end();
    assert.ok((await client.rest()).endsWith(frame('eof')));
  }
});

test('exec start says unknown ids as JSON, later faults in the stream, and detached keeps the connection', async () => {
  const unknown = await new Raw()
    .send(post('/exec/nope/start', '{}', `Content-Type: application/json\r\n${UPGRADE}`))
    .rest();
  assert.ok(unknown.endsWith('{"message":"No such exec instance: nope"}\n'));
  const failing = engine.execCreate('web', { Cmd: ['fail'] } as never).Id;
  const failed = await new Raw()
    .send(post(`/exec/${failing}/start`, '{}', `Content-Type: application/json\r\n${UPGRADE}`))
    .rest();
  assert.ok(failed.endsWith(frame(`exec command ${failing} has already run\r\n`)));
  const detached = new Raw().send(post(`/exec/${failing}/start`, '{"Detach":true}'));
  await detached.until('Content-Length: 0\r\n');
  await detached.send(get('/_ping')).until('OK');
  detached.socket.destroy();
});

test('start takes no body', async () => {
  const answer = await new Raw().send(post('/v1.50/containers/web/start', '{"a":"long"}', CLOSE)).rest();
  assert.match(
    answer,
    /starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24/,
  );
  assert.match(await new Raw().send(post('/v1.50/containers/web/start', '{}', CLOSE)).rest(), /204 No Content/);
});

test('arguments are read from a form too, and it wins', async () => {
  const form = `Content-Type: application/x-www-form-urlencoded\r\n${CLOSE}`;
  await new Raw().send(post('/v1.50/containers/web/kill?signal=HUP', 'signal=USR1', form)).rest();
  assert.deepEqual(engine.calls.at(-1), ['kill', 'web', 'USR1']);
});

test('what an idle Docker would say of swarm, plugins and checkpoints', async () => {
  const ask = async (request: string) => (await new Raw().send(request).rest()).split('\r\n\r\n');
  const [swarm, text] = await ask(get('/v1.50/swarm', CLOSE));
  assert.match(swarm!, /503 Service Unavailable/);
  assert.match(text!, /This node is not a swarm manager\. Use \\"docker swarm init\\"/);
  assert.equal((await ask(get('/v1.50/plugins', CLOSE)))[1], '[]\n');
  assert.match((await ask(get('/v1.50/containers/web/checkpoints', CLOSE)))[0]!, /501 Not Implemented/);
});

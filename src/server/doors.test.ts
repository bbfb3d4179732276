import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { forbidden, internal } from '#errdefs';
import type { Authorizer, RequestFacts } from './deps.ts';
import { Server } from './index.ts';
import { selectSockets, takePassedSockets } from './passed-sockets.ts';
import { EchoEngine, testDeps } from './testing.ts';
import { readTlsFiles } from './tls.ts';

const file = (name: string) => fileURLToPath(new URL(`./testdata/tls/${name}.pem`, import.meta.url));
const pem = (name: string) => readFileSync(file(name), 'utf8');
const PATHS = { ca: file('ca'), cert: file('server'), key: file('server-key'), verify: true };
const HALF_OPEN: object = { allowHalfOpen: true };
const CLIENT = { ca: pem('ca'), cert: pem('client'), key: pem('client-key') };

async function serve(options: object, authorizer?: () => Authorizer | undefined) {
  const engine = new EchoEngine();
  await engine.create({ Tty: true } as never, { name: 'tty' });
  const server = new Server(testDeps(engine, authorizer ? { authorizer } : {}));
  const [listener] = await server.listen(['tcp://127.0.0.1:0'], options);
  const port = Number(/:(\d+)$/.exec(listener!.address)![1]);
  return { server, port, engine, [Symbol.asyncDispose]: () => server.close() };
}

/** All that comes back for these bytes; or the code of what went wrong. */
function ask(port: number, text: string, tls?: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls ? connectTls({ port, host: '127.0.0.1', ...tls }) : connect(port, '127.0.0.1');
    let seen = '';
    socket.on('data', (data) => {
      seen += data;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`${seen}${error.code}`));
    socket.on('close', () => resolve(seen));
    socket.write(text);
  });
}

const get = (path: string, headers = 'Host: 127.0.0.1\r\n') =>
  `GET ${path} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`;

test('TCP without TLS is refused unless a flag names the danger', async () => {
  await assert.rejects(serve({}), /^EngineError: refusing to listen on tcp:\/\/127\.0\.0\.1:0 without TLS/);
  await using open = await serve({ insecureTcp: true });
  assert.match(await ask(open.port, get('/_ping')), /^HTTP\/1\.1 200 OK.*OK$/s);
});

test('TLS serves those whose certificate the authority signed, and nobody else', async () => {
  await using door = await serve({ tls: readTlsFiles(PATHS) });
  assert.match(await ask(door.port, get('/_ping'), CLIENT), /^HTTP\/1\.1 200 OK.*OK$/s);
  assert.doesNotMatch(await ask(door.port, get('/_ping'), { ca: CLIENT.ca }), /200 OK/);
  const stranger = { ca: CLIENT.ca, cert: pem('other'), key: pem('other-key') };
  assert.doesNotMatch(await ask(door.port, get('/_ping'), stranger), /200 OK/);
  const old = { ...CLIENT, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
  assert.doesNotMatch(await ask(door.port, get('/_ping'), old), /200 OK/);
  assert.match(
    await ask(door.port, get('/_ping')),
    /^HTTP\/1\.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server\.\n$/,
  );
});

test('a taken-over connection works over TLS, half-closed too', async () => {
  await using door = await serve({ tls: readTlsFiles(PATHS) });
  const head = 'POST /containers/tty/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n';
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connectTls({ port: door.port, host: '127.0.0.1', ...CLIENT, ...HALF_OPEN });
    let seen = '';
    socket.on('data', (data) => {
      seen += data;
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(seen));
    socket.end(`${head}Upgrade: tcp\r\n\r\nhello`);
  });
  assert.match(answer, /^HTTP\/1\.1 101 UPGRADED.*\r\n\r\nhelloeof$/s);
});

test('without --tlsverify anybody may come, encrypted', async () => {
  await using door = await serve({ tls: readTlsFiles({ ...PATHS, verify: false }) });
  assert.match(await ask(door.port, get('/_ping'), { ca: CLIENT.ca }), /200 OK/);
});

test('files that are missing or no pair are told as Docker tells them', () => {
  assert.throws(() => readTlsFiles({ ...PATHS, cert: '/nosuch' }), {
    message: `invalid TLS configuration: could not load X509 key pair (cert: "/nosuch", key: "${PATHS.key}"): open /nosuch: no such file or directory`,
  });
  assert.throws(() => readTlsFiles({ ...PATHS, key: file('client-key') }), /private key does not match public key/);
  assert.throws(() => readTlsFiles({ ...PATHS, ca: '/nosuch' }), /could not read CA certificate "\/nosuch": open/);
});

test('a web page cannot call: foreign origins and host names are refused on TCP', async () => {
  await using door = await serve({ insecureTcp: true });
  const status = async (headers: string) => /^HTTP\/1\.1 (\d+)/.exec(await ask(door.port, get('/_ping', headers)))?.[1];
  for (const host of [
    '127.0.0.1:2375',
    '[::1]:2375',
    'localhost',
    'docker:2375',
    hostname(),
    'api.moby.localhost',
    '',
  ]) {
    assert.equal(await status(`Host: ${host}\r\n`), '200', host);
  }
  assert.equal(await status('Host: evil.example.com\r\n'), '403');
  assert.equal(await status('Host: 127.0.0.1\r\nOrigin: http://evil.example.com\r\n'), '403');
  assert.equal(await status('Host: 127.0.0.1\r\nOrigin: null\r\n'), '403');
  assert.equal(await status('Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n'), '403');
  assert.equal(await status('Host: 127.0.0.1:1\r\nOrigin: http://127.0.0.1:1\r\n'), '200');
  const attach =
    'POST /containers/tty/attach HTTP/1.1\r\nHost: evil.example.com\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n';
  assert.match(await ask(door.port, attach), /^HTTP\/1\.1 403 /);
});

test('sockets of systemd: taken out of the environment, chosen by number or name', () => {
  const kept: number[] = [];
  const environment = { LISTEN_PID: String(process.pid + 1), LISTEN_FDS: '1', A: 'b' };
  assert.deepEqual(
    takePassedSockets(environment, (fd) => kept.push(fd)),
    [],
  );
  assert.deepEqual([environment, kept], [{ A: 'b' }, []]);
  const passed = [
    { fd: 3, name: 'api', isUnix: true },
    { fd: 4, name: 'tls', isUnix: false },
  ];
  assert.deepEqual(selectSockets('', passed), passed);
  assert.deepEqual(selectSockets('4', passed), [passed[1]]);
  assert.deepEqual(selectSockets('api', passed), [passed[0]]);
  assert.throws(() => selectSockets('5', passed), { message: 'too few socket activated files passed in by systemd' });
  assert.throws(() => selectSockets('x', passed), /failed to parse systemd fd address: should be a number: x/);
  assert.throws(() => selectSockets('', []), /no sockets found via socket activation/);
});

test('plugins are asked before a request is acted on and before its answer goes out', async () => {
  const seen: { facts: RequestFacts; status?: number }[] = [];
  let deny: 'request' | 'response' | 'fault' | undefined;
  const authorizer: Authorizer = {
    request: async (facts) => {
      seen.push({ facts });
      if (deny === 'request') throw forbidden('authorization denied by plugin p: no');
      if (deny === 'fault') throw internal('plugin p failed with error: broken');
    },
    response: async (facts, { status }) => {
      seen.push({ facts, status });
      if (deny === 'response') throw forbidden('authorization denied by plugin p: not that');
    },
  };
  await using door = await serve({ tls: readTlsFiles(PATHS) }, () => authorizer);
  const create = (body: string, more = '') =>
    `POST /v1.50/containers/create?name=x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Registry-Auth: secret\r\n${more}Connection: close\r\n\r\n${body}`;
  const body = '{"Image":"i"}';
  const sized = create(body, `Content-Length: ${body.length}\r\n`);
  assert.match(await ask(door.port, sized, CLIENT), / 201 Created/);
  const { facts } = seen[0]!;
  assert.equal(facts.user, 'test-client');
  assert.equal(facts.certificates.length, 2);
  assert.equal(facts.certificates[0], CLIENT.cert);
  assert.equal(facts.uri, '/v1.50/containers/create?name=x');
  assert.equal(Buffer.from(facts.body!).toString(), body);
  assert.deepEqual(facts.headers, { 'Content-Type': 'application/json', 'Content-Length': '13', Connection: 'close' });
  assert.equal(seen[1]!.status, 201);
  deny = 'request';
  const chunked = create(`d\r\n${body}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked\r\n');
  const before = door.engine.list().length;
  for (const text of [sized, chunked]) {
    const answer = await ask(door.port, text, CLIENT);
    assert.match(answer, / 403 Forbidden.*\{"message":"authorization denied by plugin p: no"\}/s);
    assert.equal(Buffer.from(seen.findLast(({ status }) => status === undefined)!.facts.body!).toString(), body);
  }
  assert.equal(door.engine.list().length, before);
  const attach = 'POST /containers/tty/attach HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n';
  assert.match(await ask(door.port, attach, CLIENT), / 403 Forbidden/);
  deny = 'response';
  assert.match(await ask(door.port, get('/_ping'), CLIENT), / 403 Forbidden.*denied by plugin p: not that/s);
  deny = 'fault';
  assert.match(await ask(door.port, get('/_ping'), CLIENT), / 500 .*plugin p failed with error: broken/s);
  deny = undefined;
  const long = create('x', 'Content-Length: 1048577\r\n');
  assert.match(await ask(door.port, long, CLIENT), / 413 .*request body is larger than 1048576 bytes/s);
});

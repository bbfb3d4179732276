import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { nullLog } from '#log';
import { bypassesProxy, isInsecure } from './addresses.ts';
import { parseChallenges } from './challenge.ts';
import { decodeAuthHeader } from './credentials.ts';
import { endpointsOf } from './endpoint.ts';
import { refusal } from './failure.ts';
import { decode } from './hosts-file.ts';
import { Registries } from './index.ts';
import { checkRealm } from './realm.ts';
import { retryAfter } from './remote.ts';

const SETTINGS = {
  mirrors: [],
  insecure: [],
  proxies: { http: '', https: '', none: '' },
  downloads: 3,
  uploads: 5,
  attempts: 5,
};

test('challenges are read with quotes, escapes and several schemes; rubbish ends them', () => {
  const [bearer, basic] = parseChallenges(
    'Bearer realm="https://a/t",service="s\\"x",scope="r:a:pull,push", Basic realm=x',
  );
  assert.equal(bearer!.parameters.get('service'), 's"x');
  assert.equal(bearer!.parameters.get('scope'), 'r:a:pull,push');
  assert.equal(basic!.scheme, 'basic');
  assert.deepEqual(parseChallenges('=,"'), []);
});

test('credentials come in either base64 and any case; what is malformed counts as nothing', () => {
  const json = JSON.stringify({ Username: 'u', password: 'p\u00fc?>', serveraddress: 'h' });
  const expected = { username: 'u', password: 'p\u00fc?>', serverAddress: 'h' };
  assert.deepEqual(decodeAuthHeader(Buffer.from(json).toString('base64url')), expected);
  assert.deepEqual(decodeAuthHeader(Buffer.from(json).toString('base64')), expected);
  assert.deepEqual(decodeAuthHeader('e30='), {});
  assert.deepEqual(decodeAuthHeader('%%'), {});
});

test('loopback and what the operator named may be insecure; hosts files and mirrors come before the registry', () => {
  assert.equal(isInsecure('127.0.0.5:5000', []), true);
  assert.equal(isInsecure('localhost:80', []), true);
  assert.equal(isInsecure('10.1.2.3:5000', ['10.0.0.0/8']), true);
  assert.equal(isInsecure('10.1.2.3:5000', ['11.0.0.0/8', 'a:5']), false);
  const hub = endpointsOf('docker.io', { mirrors: ['https://m/'], insecure: [] }, undefined);
  assert.deepEqual(
    hub.map(({ base }) => base.href),
    ['https://m/v2/', 'https://registry-1.docker.io/v2/'],
  );
  const text = `realms = ["t"]\n[host."http://m:1/x"]\noverride_path = true\ncapabilities = ["pull"]\nrewrite = {"library/" = "hub/"}`;
  const [mirror, own] = endpointsOf('r', SETTINGS, decode(text, 'f'));
  assert.equal(mirror!.base.href, 'http://m:1/x/');
  assert.equal(mirror!.rewrite('library/a'), 'hub/a');
  assert.equal(mirror!.can('push'), false);
  assert.deepEqual(own!.realms, ['t']);
  assert.throws(() => decode('realms = 3', '/f'), /\/f: "realms" must be texts/);
});

test('proxies are passed by as Go passes them by', () => {
  const list = 'example.com,.only.org,10.0.0.0/8,h:81';
  const bypasses = (url: string) => bypassesProxy(new URL(url), list);
  assert.deepEqual(
    [
      'http://a.example.com',
      'http://only.org',
      'http://a.only.org',
      'http://10.9.9.9',
      'http://h',
      'http://h:81',
      'http://[::1]:5',
    ].map(bypasses),
    [true, false, true, true, false, true, true],
  );
});

test('credentials are shown to the own host and domain only', () => {
  const [endpoint] = endpointsOf('registry.example.com', SETTINGS, undefined);
  const check = (realm: string, secret = true) => checkRealm(new URL(realm), endpoint!, [], secret);
  check('https://auth.example.com/t');
  check('https://foreign.net/t', false);
  assert.throws(() => check('https://foreign.net/t'), /realms = \["foreign.net"\]/);
  assert.throws(() => check('http://registry.example.com/t'), /refused/);
  assert.throws(() => check('http://169.254.169.254/t', false), /link-local/);
  const [named] = endpointsOf('registry.example.com', SETTINGS, { hosts: [], realms: ['foreign.net'] });
  checkRealm(new URL('https://foreign.net/t'), named!, [], true);
});

test('refusals have the texts of Docker', () => {
  const answer = (status: number, headers = {}) => ({ status, statusText: 'Internal Server Error', headers });
  const body = JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'no such thing' }] });
  assert.equal(refusal(answer(404), body).message, 'manifest unknown: no such thing');
  assert.equal(refusal(answer(500), body).message, 'received unexpected HTTP status: 500 Internal Server Error');
  const plain = JSON.stringify({ errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] });
  assert.equal(refusal(answer(403), plain).message, 'denied');
  assert.equal(refusal(answer(404), '<html>').message, 'unknown: <html>');
  const denied = { 'www-authenticate': 'Bearer realm="x",error="insufficient_scope"' };
  assert.equal(refusal(answer(401, denied), '').message, 'denied: requested access to the resource is denied');
});

test('Retry-After is seconds or a date', () => {
  assert.equal(retryAfter('7'), 7);
  assert.equal(retryAfter('Thu, 01 Jan 1970 00:00:05 GMT', 2000), 3);
  assert.equal(retryAfter('soon'), undefined);
});

/** A server on a free port of this address, and what it was asked. */
async function serve(listener: RequestListener, address = '127.0.0.1') {
  const asked: { url: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url!, authorization: request.headers.authorization });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const host = `${address}:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { host, asked, [Symbol.asyncDispose]: close };
}

const open = () => new Registries({ settings: () => SETTINGS, hostFolders: [], log: nullLog, userAgent: 'test' });
const access = { actions: ['pull'], credentials: { username: 'u', password: 'p' } } as const;

test('a token is asked for once, by HTTP on loopback, and sent to its registry only', async () => {
  await using elsewhere = await serve((_, response) => response.end('blob'), '127.0.0.2');
  await using registry = await serve((request, response) => {
    const { host } = request.headers;
    if (request.url!.startsWith('/token')) return void response.end('{"token":"T"}');
    if (request.headers.authorization !== 'Bearer T') {
      response.setHeader('www-authenticate', `Bearer realm="http://${host}/token",service="s"`);
      return void response.writeHead(401).end();
    }
    return void response.writeHead(307, { location: `http://${elsewhere.host}/b` }).end();
  });
  const read = () =>
    open().use({ domain: registry.host, path: 'a/b' }, access, async (remote) => {
      await remote.read({ method: 'GET', at: 'blobs/x' }, 10);
      return (await remote.read({ method: 'GET', at: 'blobs/x' }, 10)).bytes.toString();
    });
  assert.equal(await read(), 'blob');
  const tokens = registry.asked.filter(({ url }) => url.startsWith('/token'));
  assert.equal(tokens.length, 1);
  assert.match(tokens[0]!.url, /account=u.*/);
  assert.match(decodeURIComponent(tokens[0]!.url), /scope=repository:a\/b:pull/);
  assert.deepEqual(
    elsewhere.asked.map(({ authorization }) => authorization),
    [undefined, undefined],
  );
});

test('a realm on another host gets nothing, and the error says how to allow it', async () => {
  await using foreign = await serve((_, response) => response.end('{"token":"T"}'), '127.0.0.2');
  await using registry = await serve((_, response) => {
    response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${foreign.host}/t"` }).end();
  });
  const asking = open().use({ domain: registry.host, path: 'a' }, access, (remote) =>
    remote.request({ method: 'GET', at: 'manifests/x' }),
  );
  await assert.rejects(asking, /credentials to be sent to another host.*hosts\.toml/);
  assert.equal(foreign.asked.length, 0);
});

test('redirects end, and never lead to a metadata address', async () => {
  await using registry = await serve((request, response) => {
    const target = request.url!.includes('loop') ? request.url! : 'http://169.254.169.254/latest';
    response.writeHead(request.url === '/v2/' ? 200 : 302, { location: target }).end();
  });
  const get = (at: string) =>
    open().use({ domain: registry.host, path: 'a' }, access, (remote) => remote.request({ method: 'GET', at }));
  await assert.rejects(get('blobs/loop'), /stopped after 10 redirects/);
  await assert.rejects(get('blobs/meta'), /link-local/);
});

test('a registry that is busy is asked again after the time that it names', async () => {
  let times = 0;
  await using registry = await serve((request, response) => {
    if (request.url === '/v2/') return void response.end();
    if (times++ === 0) return void response.writeHead(429, { 'retry-after': '0' }).end();
    return void response.end('ok');
  });
  const waits: number[] = [];
  const { bytes } = await open().use(
    { domain: registry.host, path: 'a' },
    { ...access, onWait: (seconds) => waits.push(seconds) },
    (remote) => remote.read({ method: 'GET', at: 'tags/list' }, 100),
  );
  assert.equal(bytes.toString(), 'ok');
  assert.deepEqual(waits, [0]);
});

test('nobody there is told as Docker tells it', async () => {
  const registry = await serve(() => {});
  await registry[Symbol.asyncDispose]();
  const asking = open().use({ domain: registry.host, path: 'a' }, access, async () => {});
  await assert.rejects(asking, {
    message: `Get "http://${registry.host}/v2/": dial tcp ${registry.host}: connect: connection refused`,
  });
});

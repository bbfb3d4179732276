import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nullLog } from '#log';
import { Registries } from './index.ts';

const tls = (name: string) => fileURLToPath(new URL(`../server/testdata/tls/${name}.pem`, import.meta.url));
const SETTINGS = { mirrors: [], insecure: [], downloads: 3, uploads: 5, attempts: 5 };
const DIRECT = { http: '', https: '', none: '' };

/** A server on a free port of loopback, and what it was asked. */
async function serve(listener: RequestListener, secure?: object) {
  const asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  const listen: RequestListener = (request, response) => {
    asked.push({ url: request.url!, headers: request.headers });
    listener(request, response);
  };
  const server = secure ? createTlsServer(secure, listen) : createServer(listen);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { host, asked, [Symbol.asyncDispose]: close };
}

/** A folder of hosts with this `hosts.toml` for `registry.test`. */
function hosts(text: string, certificates: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-hosts-'));
  const own = join(folder, 'registry.test');
  mkdirSync(own);
  writeFileSync(join(own, 'hosts.toml'), text);
  for (const [name, source] of Object.entries(certificates)) cpSync(tls(source), join(own, name));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function tagsOf(folder: string, more: object = {}): Promise<string> {
  const settings = () => ({ ...SETTINGS, proxies: DIRECT, ...more });
  const registries = new Registries({ settings, hostFolders: [folder], log: nullLog, userAgent: 'test' });
  const access = { actions: ['pull'], credentials: { username: 'u', password: 'p' } } as const;
  return registries.use({ domain: 'registry.test', path: 'library/a' }, access, async (remote) => {
    return (await remote.read({ method: 'GET', at: 'tags/list' }, 1000)).bytes.toString();
  });
}

const SECURE = { cert: readFileSync(tls('server')), key: readFileSync(tls('server-key')) };

test('a registry is trusted by the authority that the operator names for it, and by no other', async () => {
  await using registry = await serve((_, response) => response.end('tags'), SECURE);
  using unknown = hosts(`server = "https://${registry.host}"`);
  await assert.rejects(tagsOf(unknown.folder), /x509: certificate signed by unknown authority/);
  using known = hosts(`server = "https://${registry.host}"`, { 'ca.crt': 'ca' });
  assert.equal(await tagsOf(known.folder), 'tags');
  using careless = hosts(`server = ""\n[host."https://${registry.host}"]\nskip_verify = true`);
  assert.equal(await tagsOf(careless.folder), 'tags');
});

test('a client certificate is shown to a registry that asks for it', async () => {
  const asking = { ...SECURE, ca: readFileSync(tls('ca')), requestCert: true, rejectUnauthorized: true };
  await using registry = await serve((_, response) => response.end('tags'), asking);
  const text = `server = "https://${registry.host}"`;
  using with_ = hosts(text, { 'ca.crt': 'ca', 'me.cert': 'client', 'me.key': 'client-key' });
  assert.equal(await tagsOf(with_.folder), 'tags');
  using without = hosts(text, { 'ca.crt': 'ca' });
  await assert.rejects(tagsOf(without.folder));
  using half = hosts(text, { 'me.cert': 'client' });
  await assert.rejects(tagsOf(half.folder), /missing key me\.key for client certificate me\.cert/);
});

test('mirrors are asked in their order, by their own names, without the registry’s credentials', async () => {
  const dead = await serve(() => {});
  await dead[Symbol.asyncDispose]();
  await using failing = await serve((_, response) => response.writeHead(404).end());
  await using mirror = await serve((request, response) => {
    if (request.url!.startsWith('/v2/?') || request.url === '/v2/') {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    } else response.end('mirrored');
  });
  await using registry = await serve((_, response) => response.end('own'));
  const text = [
    `server = "http://${registry.host}"`,
    ...[dead, failing].map(({ host }) => `[host."http://${host}"]\ncapabilities = ["pull"]`),
    `[host."http://${mirror.host}"]\nrewrite = {"library/" = "hub/"}`,
  ].join('\n');
  using place = hosts(text);
  assert.equal(await tagsOf(place.folder), 'own');
  assert.ok(failing.asked.some(({ url }) => url === '/v2/library/a/tags/list?ns=registry.test'));
  assert.ok(mirror.asked.every(({ headers }) => headers.authorization === undefined));
});

test('a proxy carries what is not on this machine', async () => {
  await using proxy = await serve((_, response) => response.end('by proxy'));
  using place = hosts('server = "http://registry.test"');
  const proxies = { http: `http://${proxy.host}`, https: '', none: 'other.test' };
  assert.equal(await tagsOf(place.folder, { proxies }), 'by proxy');
  assert.deepEqual(
    proxy.asked.map(({ url }) => url),
    ['http://registry.test/v2/', 'http://registry.test/v2/library/a/tags/list'],
  );
  await using registry = await serve((_, response) => response.end('direct'));
  using near = hosts(`server = "http://${registry.host}"`);
  assert.equal(await tagsOf(near.folder, { proxies }), 'direct');
});

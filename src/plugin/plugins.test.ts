import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { nullLog } from '#log';
import { createAuthorizer } from './authorize.ts';
import { findPlugin, pluginNames } from './discover.ts';
import { Plugins } from './plugins.ts';

const root = mkdtempSync(join(tmpdir(), 'plugins-'));
const folders = { sockets: join(root, 'run'), specs: [join(root, 'etc'), join(root, 'usr')] };
const asked: { method: string; type: string; body: string }[] = [];
const servers: Server[] = [];
let answer: (method: string) => { status?: number; body: string };

async function serve(place: string | number): Promise<number> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const method = request.url!.slice(1);
      asked.push({ method, type: request.headers['content-type'] ?? '', body });
      const { status = 200, body: text } = answer(method);
      response.writeHead(status).end(text);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(place, () => resolve()));
  return (server.address() as AddressInfo).port;
}

before(async () => {
  for (const folder of [
    folders.sockets,
    join(folders.sockets, 'own'),
    folders.specs[0]!,
    join(folders.specs[1]!, 'b'),
  ]) {
    mkdirSync(folder, { recursive: true });
  }
  await serve(join(folders.sockets, 'a.sock'));
  await serve(join(folders.sockets, 'own', 'own.sock'));
  const port = await serve(0);
  writeFileSync(join(folders.specs[0]!, 'spec.spec'), `tcp://127.0.0.1:${port}\n`);
  writeFileSync(join(folders.specs[1]!, 'b', 'b.json'), `{"Name":"b","Addr":"http://127.0.0.1:${port}"}`);
  writeFileSync(join(folders.specs[1]!, 'bad.json'), '{');
  writeFileSync(join(folders.specs[1]!, 'none.spec'), 'nowhere');
});
after(() => {
  for (const server of servers) server.close();
  rmSync(root, { recursive: true });
});

const activated = (kinds: string[]) => (method: string) => ({
  body: method === 'Plugin.Activate' ? JSON.stringify({ Implements: kinds }) : '{"Allow":true}',
});

test('sockets and files name plugins, each in the folder or in one of its own', async () => {
  assert.deepEqual(pluginNames(folders).sort(), ['a', 'b', 'bad', 'none', 'own', 'spec']);
  answer = activated(['authz']);
  const plugins = new Plugins({ folders, log: nullLog });
  for (const name of ['a', 'own', 'spec', 'b']) assert.equal((await plugins.get(name, 'authz')).name, name);
  assert.deepEqual(await plugins.implementing('authz'), ['a', 'b', 'own', 'spec']);
  assert.deepEqual(await plugins.implementing('LogDriver'), []);
});

test('names that lead out of the folders, files without an address, and wrong kinds are refused', async () => {
  answer = activated(['LogDriver']);
  const plugins = new Plugins({ folders, log: nullLog });
  for (const name of ['', '..', '../run/a', '/etc/passwd', 'a/b', 'nosuch', 'a\0']) {
    assert.throws(() => findPlugin(name, folders), { kind: 'not-found' }, name);
  }
  await assert.rejects(plugins.get('none', 'authz'), { message: 'legacy plugin: Unknown protocol' });
  await assert.rejects(plugins.get('bad', 'authz'), /legacy plugin: .*bad\.json: not JSON/);
  await assert.rejects(plugins.get('a', 'authz'), {
    message:
      'legacy plugin: Plugin does not implement the requested driver: plugin="a", requested implementation="authz"',
  });
});

test('a call is a POST of JSON; what a plugin answers as an error is told in its words', async () => {
  answer = activated(['authz']);
  const client = await new Plugins({ folders, log: nullLog }).get('a', 'authz');
  asked.length = 0;
  answer = () => ({ body: '{"Value":1}' });
  assert.deepEqual(await client.call('X.Y', { a: 1 }), { Value: 1 });
  assert.deepEqual(asked, [{ method: 'X.Y', type: 'application/vnd.docker.plugins.v1.2+json', body: '{"a":1}\n' }]);
  answer = () => ({ status: 500, body: '{"Err":"no room"}' });
  await assert.rejects(client.call('X.Y', {}), { message: 'X.Y: no room' });
  answer = () => ({ status: 404, body: 'page not found' });
  await assert.rejects(client.call('X.Y', {}), { message: 'X.Y: page not found' });
  answer = () => ({ body: '{"Value":' });
  await assert.rejects(client.call('X.Y', {}), /^EngineError: X\.Y: /);
  answer = () => ({ body: `"${'x'.repeat(5 << 20)}"` });
  await assert.rejects(client.call('X.Y', {}), /larger than/);
});

test('a socket that nobody serves any more holds up no look at all of them', async () => {
  const server = createServer();
  const path = join(folders.sockets, 'dead.sock');
  await new Promise<void>((resolve) => server.listen(join(root, 'alive'), () => resolve()));
  linkSync(join(root, 'alive'), path);
  await new Promise((resolve) => server.close(resolve));
  answer = activated(['authz']);
  const began = performance.now();
  const found = await new Plugins({ folders, log: nullLog }).implementing('authz');
  assert.ok(performance.now() - began < 500);
  assert.ok(found.includes('a') && !found.includes('dead'));
  rmSync(path);
});

test('a plugin that does not answer ends the call in time', async () => {
  answer = activated(['authz']);
  const client = await new Plugins({ folders, log: nullLog }).get('own', 'authz');
  servers[1]!.removeAllListeners('request');
  await assert.rejects(client.call('X.Y', {}, { timeout: 50 }), /X\.Y": context deadline exceeded/);
});

test('authorization: every plugin is asked, a denial is forbidden, a fault is no permission', async () => {
  answer = activated(['authz']);
  const authorizer = createAuthorizer(new Plugins({ folders, log: nullLog }), ['a', 'spec', 'a'], nullLog);
  const facts = {
    method: 'POST',
    uri: '/v1.50/containers/create',
    headers: { 'Content-Type': 'application/json' },
    body: Buffer.from('{}'),
    user: 'somebody',
    certificates: ['PEM'],
  };
  asked.length = 0;
  await authorizer.request(facts);
  answer = () => ({ body: '{"allow":true}' });
  await authorizer.request({ ...facts, method: 'GET' });
  const calls = asked.filter(({ method }) => method === 'AuthZPlugin.AuthZReq');
  assert.equal(calls.length, 4);
  assert.deepEqual(JSON.parse(calls[0]!.body), {
    User: 'somebody',
    UserAuthNMethod: 'TLS',
    RequestMethod: 'POST',
    RequestUri: '/v1.50/containers/create',
    RequestBody: 'e30=',
    RequestHeaders: { 'Content-Type': 'application/json' },
    RequestPeerCertificates: ['UEVN'],
  });
  answer = () => ({ body: '{"Allow":false,"Msg":"not you"}' });
  await assert.rejects(authorizer.request(facts), {
    kind: 'forbidden',
    message: 'authorization denied by plugin a: not you',
  });
  for (const body of ['{"Allow":"true"}', '{}', '[]']) {
    answer = () => ({ body });
    await assert.rejects(authorizer.request(facts), { kind: 'forbidden' }, body);
  }
  answer = () => ({ status: 500, body: '{"Err":"broken"}' });
  await assert.rejects(authorizer.response(facts, { status: 200, headers: {}, body: undefined }), {
    kind: 'internal',
    message: 'plugin a failed with error: AuthZPlugin.AuthZRes: broken',
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashSync } from 'bcryptjs';
import { nullLog } from '#log';
import { registryConfig, runRegistry } from '#registry';

const basic = (pair: string) => ({ Authorization: `Basic ${Buffer.from(pair).toString('base64')}` });

/** A registry with two accounts, and rules for them and for nobody. */
async function start(kind: 'htpasswd' | 'token') {
  const folder = mkdtempSync('/var/tmp/gantry-test-registry-');
  const path = join(folder, 'htpasswd');
  writeFileSync(path, `alice:${hashSync('secret', 4)}\nbob:${hashSync('other', 4)}\n`);
  const access = [
    { account: 'anonymous', repository: 'public/*', actions: ['pull'] },
    { account: 'alice', repository: '*', actions: ['pull', 'push'] },
  ];
  const config = registryConfig({ listen: '127.0.0.1:0', auth: { [kind]: { path } }, access });
  const running = await runRegistry(config, { log: nullLog, storage: join(folder, 'data') });
  return {
    call: (path: string, init?: RequestInit) => fetch(`http://${running.address}${path}`, init),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

const begin = (headers?: Record<string, string>) => ({ method: 'POST', ...(headers && { headers }) });

test('passwords with each request', async () => {
  await using registry = await start('htpasswd');
  const root = await registry.call('/v2/');
  assert.deepEqual([root.status, root.headers.get('www-authenticate')], [401, 'Basic realm="registry"']);
  assert.equal((await registry.call('/v2/', { headers: basic('alice:wrong') })).status, 401);
  assert.equal((await registry.call('/v2/', { headers: basic('nobody:secret') })).status, 401);
  assert.equal((await registry.call('/v2/', { headers: basic('alice:secret') })).status, 200);
  const uploads = '/v2/team/a/blobs/uploads/';
  assert.equal((await registry.call(uploads, begin())).status, 401);
  assert.equal((await registry.call(uploads, begin(basic('bob:other')))).status, 403);
  assert.equal((await registry.call(uploads, begin(basic('alice:secret')))).status, 202);
  assert.equal((await registry.call('/v2/public/a/manifests/x')).status, 404);
});

test('tokens for what is granted, and no more', async () => {
  await using registry = await start('token');
  const root = await registry.call('/v2/team/a/manifests/x');
  const challenge = root.headers.get('www-authenticate')!;
  assert.match(challenge, /^Bearer realm="http:\/\/[^"]+\/token",service="registry",scope="repository:team\/a:pull"$/);
  const tokenFor = async (scope: string, headers?: Record<string, string>) => {
    const answer = await registry.call(`/token?service=registry&scope=${scope}`, headers && { headers });
    assert.equal(answer.status, 200);
    const { token } = (await answer.json()) as { token: string };
    return { Authorization: `Bearer ${token}` };
  };
  assert.equal((await registry.call('/token?service=registry', { headers: basic('alice:wrong') })).status, 401);
  const scope = 'repository:team/a:pull,push';
  const uploads = '/v2/team/a/blobs/uploads/';
  assert.equal((await registry.call(uploads, begin(await tokenFor(scope, basic('alice:secret'))))).status, 202);
  const narrow = await registry.call(uploads, begin(await tokenFor(scope, basic('bob:other'))));
  assert.equal(narrow.status, 401);
  assert.match(
    narrow.headers.get('www-authenticate')!,
    /scope="repository:team\/a:pull,push",error="insufficient_scope"$/,
  );
  assert.equal((await registry.call(uploads, begin(await tokenFor(scope)))).status, 401);
  const reader = await tokenFor('repository:public/a:pull,push');
  assert.equal((await registry.call('/v2/public/a/manifests/x', { headers: reader })).status, 404);
  assert.equal((await registry.call('/v2/public/a/blobs/uploads/', begin(reader))).status, 401);
  assert.equal((await registry.call(uploads, begin({ Authorization: 'Bearer a.b.c' }))).status, 401);
  assert.equal((await registry.call('/v1/search?q=a', { headers: basic('alice:secret') })).status, 200);
  assert.equal((await registry.call('/v1/search?q=a', { headers: basic('alice:wrong') })).status, 401);
});

test('settings that exclude each other are refused', async () => {
  for (const [more, told] of [
    [{ proxy: { remoteurl: 'https://x' } }, /"proxy" is not implemented here/],
    [{ proxy: { remoteurl: 'https://x' }, quota: { total: '1g' } }, /"quota" means nothing beside "proxy"/],
  ] as const) {
    const config = registryConfig({ listen: '127.0.0.1:0', ...more });
    const upstream = () => assert.fail('never reached');
    const deps = { log: nullLog, storage: '/nonexistent', ...('quota' in more && { upstream }) };
    await assert.rejects(runRegistry(config, deps), told);
  }
});

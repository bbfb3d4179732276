import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { hashSync } from 'bcryptjs';
import { delay } from '#async';
import { dockerArchive } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import type { RegistryProcess } from '../../harness/registry-process.ts';
import { startRegistryProcess } from '../../harness/registry-process.ts';

const CERTIFICATES = resolve(import.meta.dirname, '../../../src/server/testdata/tls');
const IMAGE = 'mine:one';

let daemon: TestDaemon;

before(async () => {
  daemon = await startDaemon();
  const archive = join(daemon.folder, 'image.tar');
  writeFileSync(archive, dockerArchive([IMAGE]));
  await docker('load', '-i', archive);
});
after(() => daemon.destroy());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((done) => {
    const options = { env: { PATH: process.env.PATH ?? '', HOME: daemon.folder, ...env }, timeout: 60_000 };
    const child = execFile(program, args, options, (error, out, err) => {
      done({ code: error ? Number(error.code ?? 1) : 0, out, err });
    });
    // Nobody is there to be asked for a password.
    child.stdin?.end();
  });
}

/** The docker CLI against a gantryd. */
const docker = (...args: string[]) => run('docker', args, { DOCKER_HOST: `unix://${daemon.socket}` });

async function ok(ran: Promise<Ran>): Promise<string> {
  const { code, out, err } = await ran;
  assert.equal(code, 0, `${out}${err}`);
  return out;
}

async function fails(ran: Promise<Ran>, told: RegExp): Promise<void> {
  const { code, err } = await ran;
  assert.notEqual(code, 0);
  assert.match(err, told);
}

/** Tags our image for a registry and pushes it there. */
async function push(address: string, name: string): Promise<Ran> {
  await ok(docker('tag', IMAGE, `${address}/${name}`));
  return await docker('push', `${address}/${name}`);
}

const ACCOUNTS = (folder: string) => {
  writeFileSync(join(folder, 'htpasswd'), `alice:${hashSync('wonder', 4)}\nbob:${hashSync('builder', 4)}\n`);
  cpSync(CERTIFICATES, join(folder, 'tls'), { recursive: true });
};
const TLS = { certificate: '$FOLDER/tls/server.pem', key: '$FOLDER/tls/server-key.pem' };
const ACCESS = [
  { account: 'anonymous', repository: 'public/*', actions: ['pull'] },
  { account: 'alice', repository: '*', actions: ['pull', 'push', 'delete'] },
  { account: 'bob', repository: 'team/*', actions: ['pull'] },
  { account: 'bob', repository: 'public/*', actions: ['pull'] },
];

/** TLS and tokens: what a registry for a team is. */
const startTeam = () =>
  startRegistryProcess({
    prepare: ACCOUNTS,
    config: { http: { tls: TLS }, auth: { token: { path: '$FOLDER/htpasswd' } }, access: ACCESS },
  });

test('TLS, tokens and rights of each repository, with the docker CLI', async () => {
  await using registry = await startTeam();
  const { address } = registry;
  const login = (user: string, password: string) => docker('login', '-u', user, '-p', password, address);
  await fails(login('alice', 'wrong'), /unauthorized/);
  assert.match(await ok(login('alice', 'wonder')), /Login Succeeded/);
  for (const name of ['team/app:v1', 'public/app:v1', 'secret/app:v1']) await ok(push(address, name));
  await ok(docker('logout', address));
  await ok(docker('pull', `${address}/public/app:v1`));
  await fails(docker('pull', `${address}/team/app:v1`), /denied|unauthorized/);
  await fails(push(address, 'public/app:v2'), /denied|unauthorized/);
  await ok(login('bob', 'builder'));
  await ok(docker('pull', `${address}/team/app:v1`));
  await fails(docker('pull', `${address}/secret/app:v1`), /denied/);
  await fails(push(address, 'team/app:v2'), /denied/);
  await ok(docker('logout', address));
  const log = registry.log();
  assert.match(log, /"method":"PUT","path":"\/v2\/team\/app\/manifests\/v1","status":201,.*"account":"alice"/);
  assert.doesNotMatch(log, /wonder|builder|Bearer /);
});

test('TLS and tokens with skopeo: lists, copies with all platforms, deletes', async () => {
  await using registry = await startTeam();
  const { address, folder } = registry;
  mkdirSync(join(folder, 'certs'));
  cpSync(join(CERTIFICATES, 'ca.pem'), join(folder, 'certs/ca.crt'));
  const [certs, user] = [join(folder, 'certs'), 'alice:wonder'];
  const skopeo = (...args: string[]) => run('skopeo', args);
  const archive = join(folder, 'image.tar');
  writeFileSync(archive, dockerArchive([IMAGE]));
  const target = `docker://${address}/team/tools`;
  const to = ['--dest-cert-dir', certs, '--dest-creds', user];
  await ok(skopeo('copy', '--insecure-policy', ...to, `docker-archive:${archive}`, `${target}:v1`));
  await ok(skopeo('copy', '--insecure-policy', '--format', 'oci', ...to, `docker-archive:${archive}`, `${target}:oci`));
  const from = ['--cert-dir', certs, '--creds', user];
  const { Tags } = JSON.parse(await ok(skopeo('list-tags', ...from, target))) as { Tags: string[] };
  assert.deepEqual(Tags, ['oci', 'v1']);
  const sides = ['--src-cert-dir', certs, '--src-creds', user, ...to];
  await ok(
    skopeo('copy', '--insecure-policy', '--all', ...sides, `${target}:oci`, `docker://${address}/other/tools:oci`),
  );
  const digestOf = async (name: string) => {
    const { Digest } = JSON.parse(await ok(skopeo('inspect', ...from, `docker://${address}/${name}`)));
    return Digest as string;
  };
  assert.equal(await digestOf('other/tools:oci'), await digestOf('team/tools:oci'));
  await fails(
    skopeo('inspect', '--cert-dir', certs, '--creds', 'bob:builder', `docker://${address}/other/tools:oci`),
    /denied|unauthorized/,
  );
  await fails(skopeo('inspect', '--creds', user, `${target}:v1`), /certificate/);
  await ok(skopeo('delete', ...from, `${target}:v1`));
  await fails(skopeo('inspect', ...from, `${target}:v1`), /manifest unknown/);
});

test('a registry that may only be read, and one whose quota is small, with the docker CLI', async () => {
  await using readOnly = await startRegistryProcess({
    env: { REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":true}' },
  });
  await fails(push(readOnly.address, 'a:v1'), /unsupported|read-only/i);
  await using small = await startRegistryProcess({ env: { REGISTRY_QUOTA_REPOSITORY: '100' } });
  await fails(push(small.address, 'a:v1'), /denied: quota exceeded: the repository a may hold 100 bytes/);
});

test('a registry that stands for another one, with the docker CLI', async () => {
  await using upstream = await startRegistryProcess();
  await ok(push(upstream.address, 'team/app:v1'));
  await using cache = await startRegistryProcess({ env: { REGISTRY_PROXY_REMOTEURL: `http://${upstream.address}` } });
  await ok(docker('pull', `${cache.address}/team/app:v1`));
  await fails(push(cache.address, 'team/app:v2'), /unsupported/);
  await upstream[Symbol.asyncDispose]();
  await ok(docker('rmi', `${cache.address}/team/app:v1`));
  await ok(docker('pull', `${cache.address}/team/app:v1`));
});

interface Told {
  readonly action: string;
  readonly target: { readonly repository: string; readonly tag?: string; readonly digest: string };
}

/** Who is told of events: refuses the first time. */
async function startListener() {
  const told: Told[] = [];
  const tries = { count: 0 };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (tries.count++ === 0) return void response.writeHead(503).end();
    assert.equal(request.headers.authorization, 'Bearer hook');
    const { events } = JSON.parse(Buffer.concat(chunks).toString()) as { events: Told[] };
    told.push(...events);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    told,
    tries,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1500 && !isSo(); i++) await delay(10);
  assert.ok(isSo());
}

test('who is told of pushes and pulls, also after a refusal; and the figures for Prometheus', async () => {
  await using listener = await startListener();
  const endpoint = { name: 'hook', url: listener.url, headers: { Authorization: ['Bearer hook'] }, backoff: '50ms' };
  await using registry: RegistryProcess = await startRegistryProcess({
    config: {
      notifications: { endpoints: [endpoint] },
      http: { debug: { addr: '127.0.0.1:0', prometheus: { enabled: true } } },
    },
  });
  await ok(push(registry.address, 'team/app:v1'));
  // The engine has the image: it would ask for nothing but the digest.
  assert.equal((await fetch(`http://${registry.address}/v2/team/app/manifests/v1`)).status, 200);
  const isTold = (action: string, tag?: string) =>
    listener.told.some((each) => each.action === action && each.target.tag === tag);
  await until(() => isTold('push', 'v1') && isTold('push') && isTold('pull', 'v1'));
  assert.equal(
    listener.told.every(({ target }) => target.repository === 'team/app'),
    true,
  );
  assert.equal(listener.tries.count, listener.told.length + 1, 'the one that was refused came again');
  const port = /"port":(\d+),"msg":"serving metrics"/.exec(registry.log())?.[1];
  const figures = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(figures, /^registry_http_requests_total\{code="201",method="PUT"\} [1-9]/m);
  assert.match(figures, /^registry_events_total\{action="push"\} [1-9]/m);
  assert.match(figures, /^registry_http_request_duration_seconds_bucket\{le="\+Inf"\} [1-9]/m);
});

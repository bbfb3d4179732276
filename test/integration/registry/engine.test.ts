import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { delay } from '#async';
import { digestHex } from '#oci';
import { importAs } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { pushImage, startRig } from './rig.ts';

let daemon: TestDaemon;
let address: string;

/** Where the daemon said last that it serves a registry. */
function addressOf(log: string): string {
  const found = [...log.matchAll(/"address":"([^"]+)","msg":"serving a registry"/g)].at(-1);
  assert.ok(found, log);
  return found[1]!;
}

before(async () => {
  daemon = await startDaemon();
  await daemon.stop();
  const config = join(daemon.folder, 'daemon.json');
  writeFileSync(config, JSON.stringify({ registry: { listen: '127.0.0.1:0' } }));
  await daemon.start({ args: ['--config-file', config] });
  address = addressOf(daemon.log());
  await importAs(daemon.socket, 'ours');
});

after(() => daemon.destroy());

const blobsFolder = () => join(daemon.dataRoot, 'content', 'blobs', 'sha256');

/** Bytes of all blobs, each file once. */
function storedBytes(): number {
  return readdirSync(blobsFolder()).reduce((sum, name) => sum + statSync(join(blobsFolder(), name)).size, 0);
}

const call = (path: string, init?: RequestInit) => fetch(`http://${address}${path}`, init);

async function pushOurs(name: string): Promise<string> {
  await api(daemon.socket, 'POST', `/images/ours/tag?repo=${address}/${name}&tag=v1`);
  const answer = await api(daemon.socket, 'POST', `/images/${address}/${name}/push?tag=v1`);
  return JSON.stringify(answer.body);
}

test('an image of this engine is pushed to its own registry without a copy, and pulled from there', async () => {
  const told = await pushOurs('team/ours');
  assert.match(told, /v1: digest: sha256:/);
  const before = storedBytes();
  assert.match(await pushOurs('team/other'), /Layer already exists/);
  assert.equal(storedBytes(), before);
  const manifest = await call('/v2/team/ours/manifests/v1');
  const { layers } = (await manifest.json()) as { layers: { digest: `sha256:${string}`; size: number }[] };
  assert.equal(statSync(join(blobsFolder(), digestHex(layers[0]!.digest))).size, layers[0]!.size);
  assert.deepEqual(readdirSync(join(daemon.dataRoot, 'registry', 'uploads')), []);
});

test('what was pushed outlives the image and the daemon', async () => {
  await pushOurs('kept');
  for (const name of ['ours', `${address}/team/ours:v1`, `${address}/team/other:v1`, `${address}/kept:v1`]) {
    await api(daemon.socket, 'DELETE', `/images/${name}?force=1`);
  }
  await daemon.stop('SIGKILL');
  await daemon.start({ args: ['--config-file', join(daemon.folder, 'daemon.json')] });
  address = addressOf(daemon.log());
  const { config, layers } = (await (await call('/v2/kept/manifests/v1')).json()) as {
    config: { digest: string; size: number };
    layers: { digest: string; size: number }[];
  };
  for (const { digest, size } of [config, ...layers]) {
    const blob = await call(`/v2/kept/blobs/${digest}`);
    assert.equal((await blob.arrayBuffer()).byteLength, size, digest);
  }
  const pulled = await api(daemon.socket, 'POST', `/images/create?fromImage=${address}/kept&tag=v1`);
  assert.match(JSON.stringify(pulled.body), /Downloaded newer image/);
});

test('what the engine has is nobody else his to link', async () => {
  const blob = readdirSync(blobsFolder())[0]!;
  const answer = await call(`/v2/stranger/blobs/sha256:${blob}`, { method: 'HEAD' });
  assert.equal(answer.status, 404);
});

test('the registry of daemon.json stands for another one; what is pulled through it is the engine’s own', async () => {
  await using upstream = await startRig();
  const { digest, layer } = await pushImage(upstream, 'team/app', 'v1');
  await daemon.stop();
  const config = join(daemon.folder, 'proxy.json');
  const proxy = { remoteurl: `http://${upstream.address}`, ttl: '1h' };
  writeFileSync(config, JSON.stringify({ registry: { listen: '127.0.0.1:0', proxy } }));
  await daemon.start({ args: ['--config-file', config] });
  address = addressOf(daemon.log());
  const manifest = await call('/v2/team/app/manifests/v1');
  assert.deepEqual([manifest.status, manifest.headers.get('docker-content-digest')], [200, digest]);
  assert.equal(await (await call(`/v2/team/app/blobs/${layer.digest}`)).text(), 'layer of v1');
  const file = join(blobsFolder(), digestHex(layer.digest));
  for (let i = 0; i < 500 && !existsSync(file); i++) await delay(10);
  assert.equal(statSync(file).size, layer.size);
  const push = await call('/v2/team/app/blobs/uploads/', { method: 'POST' });
  assert.equal(push.status, 405);
});

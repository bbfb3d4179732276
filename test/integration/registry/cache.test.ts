import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { delay } from '#async';
import { openUpstream } from '#daemon';
import { nullLog } from '#log';
import { MEDIA } from '#oci';
import { RegistryDouble } from '../../harness/registry.ts';
import type { Rig } from './rig.ts';
import { codeOf, pushBlob, pushImage, startRig } from './rig.ts';

/** An upstream that counts what it is asked, and a registry that stands for it. */
async function start({ ttlMs = 0, guard }: { ttlMs?: number; guard?: RegistryDouble['guard'] } = {}) {
  const double = await RegistryDouble.open();
  if (guard) double.guard = guard;
  const config = { url: `http://${double.host}`, username: guard?.user, password: guard?.password, ttlMs };
  const rig = await startRig({ upstream: { source: openUpstream(config, nullLog), ttlMs } });
  return {
    double,
    rig,
    asked: (line: string) => double.asked.filter((each) => each.line.startsWith(line)).length,
    get: async (path: string) => {
      const answer = await rig.call('GET', `/v2/${path}`);
      return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
    },
    [Symbol.asyncDispose]: async () => {
      await rig[Symbol.asyncDispose]();
      await double[Symbol.asyncDispose]();
    },
  };
}

/** Lets whatever was asked for arrive. */
async function settled(rig: Rig, name: string, digest: string): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const found = await rig.registry.blob(name, digest as `sha256:${string}`).catch(() => undefined);
    if (found) return;
    await delay(5);
  }
  throw new Error(`${digest} does not arrive`);
}

test('what is pulled through is fetched once, tags are asked for each time, and pushes are refused', async () => {
  await using all = await start({ guard: { scheme: 'bearer', user: 'u', password: 'p' } });
  const { double, rig, asked, get } = all;
  const layer = randomBytes(3 << 20);
  const { digest } = double.image('team/app', 'v1', [layer]);
  for (let i = 0; i < 3; i++) {
    const manifest = await get('team/app/manifests/v1');
    assert.deepEqual([manifest.status, manifest.headers.get('docker-content-digest')], [200, digest]);
    const { layers } = JSON.parse(manifest.bytes.toString()) as { layers: { digest: string; size: number }[] };
    const blob = await get(`team/app/blobs/${layers[0]!.digest}`);
    assert.deepEqual([blob.status, blob.bytes.length], [200, layers[0]!.size]);
    await settled(rig, 'team/app', layers[0]!.digest);
  }
  assert.equal(asked('GET /v2/team/app/manifests/sha256'), 1);
  assert.ok(asked('HEAD /v2/team/app/manifests/v1') >= 3);
  const repeated = double.asked.filter(
    ({ line, headers }) => line.includes('/blobs/') && line.startsWith('GET') && headers.authorization,
  );
  assert.equal(repeated.length, 1);
  const moved = double.image('team/app', 'v1', [layer], { more: { annotations: { moved: 'yes' } } });
  assert.equal((await get('team/app/manifests/v1')).headers.get('docker-content-digest'), moved.digest);
  assert.equal((await get(`team/app/manifests/${digest}`)).status, 200);
  assert.deepEqual(JSON.parse((await get('team/app/tags/list')).bytes.toString()), { name: 'team/app', tags: ['v1'] });
  for (const [method, path] of [
    ['POST', 'team/app/blobs/uploads/'],
    ['PUT', 'team/app/manifests/v2'],
    ['DELETE', `team/app/manifests/${digest}`],
  ] as const) {
    const refused = await rig.call(method, `/v2/${path}`);
    assert.deepEqual([refused.status, await codeOf(refused)], [405, 'UNSUPPORTED'], path);
  }
});

test('many who ask for one blob at once get it while it comes, and it is fetched once', async () => {
  await using all = await start();
  const { double, rig, asked, get } = all;
  const layer = randomBytes(2 << 20);
  double.image('a', 'v1', [layer], { packing: 'none' });
  const { digest } = double.blob(layer, MEDIA.ociLayer);
  const gate = Promise.withResolvers<void>();
  let sent = 0;
  double.behaviour = async (request, response) => {
    if (request.method !== 'GET' || !request.url!.includes(`/blobs/${digest}`)) return false;
    response.setHeader('content-length', layer.length);
    sent++;
    response.write(layer.subarray(0, 1 << 20));
    await gate.promise;
    response.end(layer.subarray(1 << 20));
    return true;
  };
  const first = await rig.call('GET', `/v2/a/blobs/${digest}`);
  const reader = first.body!.getReader();
  // The beginning is here while the end has not been sent.
  assert.ok((await reader.read()).value!.length > 0);
  reader.releaseLock();
  const others = Array.from({ length: 5 }, () => get(`a/blobs/${digest}`));
  const part = rig.call('GET', `/v2/a/blobs/${digest}`, { headers: { Range: 'bytes=100-199' } });
  assert.deepEqual(Buffer.from(await (await part).arrayBuffer()), layer.subarray(100, 200));
  gate.resolve();
  for (const { bytes } of await Promise.all(others)) assert.ok(bytes.equals(layer));
  await settled(rig, 'a', digest);
  assert.equal(sent, 1);
  double.behaviour = undefined;
  assert.ok((await get(`a/blobs/${digest}`)).bytes.equals(layer));
  assert.equal(asked(`GET /v2/a/blobs/${digest}`), 1);
});

test('an upstream that breaks off, lies about a blob, or has none', async () => {
  await using all = await start();
  const { double, rig, get } = all;
  const layer = randomBytes(1 << 20);
  const { digest } = double.blob(layer, MEDIA.ociLayer);
  let times = 0;
  double.behaviour = (request, response) => {
    if (request.method !== 'GET' || !request.url!.includes('/blobs/') || ++times > 1) return false;
    response.setHeader('content-length', layer.length);
    response.write(layer.subarray(0, 300_000), () => response.destroy());
    return true;
  };
  assert.ok((await get(`a/blobs/${digest}`)).bytes.equals(layer), 'goes on where it was');
  double.behaviour = (request, response) => {
    if (request.method !== 'GET' || !request.url!.includes('/blobs/')) return false;
    response.setHeader('content-length', 4);
    response.end('lies');
    return true;
  };
  const other = double.blob(Buffer.from('true'), MEDIA.ociLayer);
  // Its last byte is never sent: nobody takes it for whole.
  await assert.rejects(get(`a/blobs/${other.digest}`));
  assert.equal((await rig.registry.storage.blobs.size(other.digest as `sha256:${string}`)) ?? 'none', 'none');
  double.behaviour = undefined;
  assert.equal((await get(`a/blobs/sha256:${'0'.repeat(64)}`)).status, 404);
  assert.equal((await get('a/manifests/none')).status, 404);
});

test('an upstream that is gone: what was pulled is there, the rest is not to be had now', async () => {
  await using all = await start();
  const { double, rig, get } = all;
  const { digest } = double.image('a', 'v1', [Buffer.from('layer')], { packing: 'none' });
  const manifest = await get('a/manifests/v1');
  const { layers } = JSON.parse(manifest.bytes.toString()) as { layers: { digest: string }[] };
  await get(`a/blobs/${layers[0]!.digest}`);
  await settled(rig, 'a', layers[0]!.digest);
  double.behaviour = (_request, response) => {
    response.destroy();
    return true;
  };
  assert.equal((await get('a/manifests/v1')).headers.get('docker-content-digest'), digest);
  assert.equal((await get(`a/blobs/${layers[0]!.digest}`)).bytes.toString(), 'layer');
  assert.deepEqual(JSON.parse((await get('a/tags/list')).bytes.toString()), { name: 'a', tags: ['v1'] });
  const missing = await rig.call('GET', '/v2/a/manifests/v2');
  assert.deepEqual([missing.status, await codeOf(missing)], [503, 'UNAVAILABLE']);
});

test('what was fetched expires, with its tags, and is fetched again', async () => {
  await using all = await start({ ttlMs: 500 });
  const { double, rig, asked, get } = all;
  const { digest } = double.image('a', 'v1', [Buffer.from('layer')], { packing: 'none' });
  const { layers } = JSON.parse((await get('a/manifests/v1')).bytes.toString()) as { layers: { digest: string }[] };
  await get(`a/blobs/${layers[0]!.digest}`);
  await settled(rig, 'a', layers[0]!.digest);
  const { blobs } = rig.registry.storage;
  for (let i = 0; i < 600 && (await blobs.list()).length > 0; i++) await delay(10);
  assert.deepEqual(await blobs.list(), []);
  assert.deepEqual(await rig.registry.repositories.tags('a'), []);
  assert.equal((await get(`a/manifests/${digest}`)).status, 200);
  assert.equal(asked(`GET /v2/a/manifests/${digest}`), 2);
});

test('referrers of an upstream, by its list and by its tags', async () => {
  await using upstream = await startRig();
  const { descriptor: subject, digest } = await pushImage(upstream, 'a', 'v1');
  const signature = await pushImage(upstream, 'a', undefined, { subject, artifactType: 'application/signature' });
  const config = { url: `http://${upstream.address}`, username: undefined, password: undefined, ttlMs: 0 };
  await using rig = await startRig({ upstream: { source: openUpstream(config, nullLog), ttlMs: 0 } });
  const read = async (of: string) => {
    const answer = await rig.call('GET', `/v2/a/referrers/${of}`);
    return ((await answer.json()) as { manifests: { digest: string }[] }).manifests.map((each) => each.digest);
  };
  assert.deepEqual(await read(digest), [signature.digest]);
  await using old = await start();
  old.double.image('a', 'v1', [Buffer.from('x')]);
  const sbom = { mediaType: MEDIA.ociManifest, digest: `sha256:${'1'.repeat(64)}`, size: 3 };
  const index = { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [sbom] };
  old.double.manifest('a', digest.replace(':', '-'), index, MEDIA.ociIndex);
  const answer = await old.rig.call('GET', `/v2/a/referrers/${digest}`);
  assert.deepEqual(((await answer.json()) as { manifests: object[] }).manifests, [sbom]);
  assert.equal((await pushBlob(upstream, 'a', 'still')).size, 5);
});

test('a URL of an upstream that is none is refused', () => {
  for (const url of ['ftp://x', 'https://u:secret@x', 'https://x/path', 'x']) {
    const open = () => openUpstream({ url, username: undefined, password: undefined, ttlMs: 0 }, nullLog);
    assert.throws(open, (error: Error) => /proxy.remoteurl/.test(error.message) && !/secret/.test(error.message), url);
  }
});

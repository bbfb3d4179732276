import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { digestHex, digestOf } from '#oci';
import { Collector, openStorage, registryConfig } from '#registry';
import { S3Client } from '../../../src/registry/storage/s3-client.ts';
import { startS3 } from '../../harness/s3.ts';
import type { Rig } from './rig.ts';
import { pushBlob, pushImage, startRig } from './rig.ts';

const BUCKET = 'images';
/** The keys that s3rver knows. */
const ACCESS = 'S3RVER';

let s3: Awaited<ReturnType<typeof startS3>>;
before(async () => {
  s3 = await startS3(BUCKET);
});
after(() => s3[Symbol.asyncDispose]());

/** Settings as the environment of a `registry:2` gives them. */
const settings = (more: Record<string, string> = {}) => ({
  REGISTRY_STORAGE: 's3',
  REGISTRY_STORAGE_S3_REGION: 'us-east-1',
  REGISTRY_STORAGE_S3_REGIONENDPOINT: s3.endpoint,
  REGISTRY_STORAGE_S3_BUCKET: BUCKET,
  REGISTRY_STORAGE_S3_ACCESSKEY: ACCESS,
  REGISTRY_STORAGE_S3_SECRETKEY: ACCESS,
  ...more,
});

/** A registry over the bucket; its own folder holds uploads under way. */
async function start(more?: Record<string, string>): Promise<Rig> {
  const config = registryConfig({}, settings(more));
  return await startRig({ storage: (folder) => openStorage(config, folder) });
}

test('a bucket holds what is pushed, where the registry of Docker looks for it', async () => {
  await using rig = await start({ REGISTRY_STORAGE_S3_ROOTDIRECTORY: '/kept/here' });
  const { digest, body, layer } = await pushImage(rig, 'team/app', 'v1');
  const top = join(s3.folder, 'kept/here/docker/registry/v2');
  const hex = digestHex(layer.digest);
  assert.ok(readdirSync(join(top, 'blobs/sha256', hex.slice(0, 2), hex)).some((name) => name.startsWith('data')));
  assert.ok(existsSync(join(top, 'repositories/team/app/_layers/sha256', hex)));
  await rig.restart();
  assert.equal(await (await rig.call('GET', '/v2/team/app/manifests/v1')).text(), body);
  assert.deepEqual(await (await rig.call('GET', '/v2/team/app/tags/list')).json(), { name: 'team/app', tags: ['v1'] });
  assert.deepEqual(await (await rig.call('GET', '/v2/_catalog')).json(), { repositories: ['team/app'] });
  const part = await rig.call('GET', `/v2/team/app/blobs/${layer.digest}`, { headers: { Range: 'bytes=0-4' } });
  assert.deepEqual([part.status, await part.text()], [206, 'layer']);
  const mounted = await rig.call('POST', `/v2/other/blobs/uploads/?mount=${layer.digest}&from=team/app`);
  assert.equal(mounted.status, 201);
  assert.equal((await rig.call('DELETE', `/v2/team/app/manifests/${digest}`)).status, 202);
  assert.equal((await rig.call('GET', '/v2/team/app/manifests/v1')).status, 404);
  assert.deepEqual(readdirSync(join(rig.folder, 'gantry/uploads')), []);
});

test('a large blob goes in parts and comes back whole', async () => {
  await using rig = await start({ REGISTRY_STORAGE_S3_CHUNKSIZE: '5242880' });
  const bytes = randomBytes(12 << 20);
  const { digest } = await pushBlob(rig, 'large', bytes);
  const got = Buffer.from(await (await rig.call('GET', `/v2/large/blobs/${digest}`)).arrayBuffer());
  assert.equal(digestOf(got), digest);
});

test('lists of more than one page are read to their end', async () => {
  const { s3: config } = registryConfig({}, settings({ REGISTRY_STORAGE_S3_ROOTDIRECTORY: 'pages' }));
  const client = new S3Client(config!);
  const keys = Array.from({ length: 1001 }, (_, i) => `of/${String(i).padStart(4, '0')}`);
  for (let at = 0; at < keys.length; at += 100) {
    await Promise.all(keys.slice(at, at + 100).map((key) => client.put(key, 'x')));
  }
  assert.equal((await client.list('of', { deep: true })).length, 1001);
});

test('what nothing refers to is collected, what is removed is gone with all below it', async () => {
  await using rig = await start({ REGISTRY_STORAGE_S3_ROOTDIRECTORY: 'collected' });
  const { storage, repositories } = rig.registry;
  const unused = await pushBlob(rig, 'a', 'unused');
  const { layer } = await pushImage(rig, 'a', 'kept');
  const { blobs } = await new Collector(rig.registry).collect({ now: true });
  assert.equal(blobs, 1);
  assert.equal(await storage.blobs.size(unused.digest), undefined);
  assert.equal(await storage.blobs.size(layer.digest), layer.size);
  await repositories.untag('a', 'kept');
  assert.deepEqual(await repositories.tags('a'), []);
  await storage.names.remove('a');
  assert.deepEqual(await repositories.listAll(), []);
});

test('a service that refuses, or a bucket that is not there, is no absence', async () => {
  for (const more of [{ REGISTRY_STORAGE_S3_ACCESSKEY: 'wrong' }, { REGISTRY_STORAGE_S3_BUCKET: 'none' }] as Record<
    string,
    string
  >[]) {
    await using rig = await start(more);
    const answer = await rig.call('GET', '/v2/a/manifests/v1');
    assert.equal(answer.status, 500, JSON.stringify(more));
    assert.doesNotMatch(await answer.text(), /wrong|none/);
  }
});

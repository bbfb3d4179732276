import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '#oci';
import { Collector, registryConfig } from '#registry';
import type { Rig } from './rig.ts';
import { codeOf, pushBlob, pushImage, startRig } from './rig.ts';

const quota = (repository: number, total: number) => ({ settings: { quota: { repository, total } } });

async function refusedPush({ call }: Rig, name: string, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes);
  const begun = await call('POST', `/v2/${name}/blobs/uploads/`);
  const location = begun.headers.get('location')!;
  const answer = await call('PUT', `${location}?digest=${digest}`, { body: bytes as unknown as string });
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] };
  assert.deepEqual([answer.status, errors[0]!.code], [403, 'DENIED']);
  assert.equal((await call('HEAD', `/v2/${name}/blobs/${digest}`)).status, 404);
  assert.equal((await call('GET', location)).status, 404, 'nothing of it is kept');
  return errors[0]!.message;
}

test('a repository that is full takes no more, by any way in, until something is deleted', async () => {
  await using rig = await startRig(quota(1000, 0));
  const { digest } = await pushBlob(rig, 'a', Buffer.alloc(900, 1));
  assert.match(
    await refusedPush(rig, 'a', Buffer.alloc(101, 2)),
    /^quota exceeded: the repository a may hold 1000 bytes and holds 900; 101 more are too many$/,
  );
  const again = await rig.call('POST', `/v2/a/blobs/uploads/?mount=${digest}&from=a`);
  assert.deepEqual([again.status, rig.registry.quota.held('a').repository], [201, 900], 'the same counts once');
  const other = await pushBlob(rig, 'b', Buffer.alloc(200, 3));
  const mounted = await rig.call('POST', `/v2/a/blobs/uploads/?mount=${other.digest}&from=b`);
  assert.deepEqual([mounted.status, await codeOf(mounted)], [403, 'DENIED']);
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
    annotations: { x: 'x'.repeat(100) },
  });
  const manifest = await rig.call('PUT', '/v2/a/manifests/v1', { body });
  assert.deepEqual([manifest.status, await codeOf(manifest)], [403, 'DENIED']);
  assert.equal((await rig.call('DELETE', `/v2/a/blobs/${digest}`)).status, 202);
  assert.equal(rig.registry.quota.held('a').repository, 0);
  await pushBlob(rig, 'a', Buffer.alloc(1000, 4));
});

test('a chunk of unknown length stops where the quota does', async () => {
  await using rig = await startRig(quota(1000, 0));
  const begun = await rig.call('POST', '/v2/a/blobs/uploads/');
  const stream = new ReadableStream({
    start: (controller) => {
      for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(100));
      controller.close();
    },
  });
  const answer = await rig.call('PATCH', begun.headers.get('location')!, { body: stream, duplex: 'half' });
  assert.deepEqual([answer.status, await codeOf(answer)], [403, 'DENIED']);
  assert.deepEqual(readdirSync(join(rig.folder, 'gantry/uploads')), []);
});

test('all repositories together: a blob counts once; deleting and collecting make room', async () => {
  await using rig = await startRig(quota(0, 3000));
  const { digest } = await pushImage(rig, 'a', 'v1');
  const { total } = rig.registry.quota.held('a');
  await pushImage(rig, 'b', 'v1');
  assert.equal(rig.registry.quota.held('b').total, total, 'the same in another repository is no more');
  await pushBlob(rig, 'c', Buffer.alloc(3000 - total, 1));
  assert.match(await refusedPush(rig, 'd', Buffer.from('y')), /the registry may hold 3000 bytes and holds 3000/);
  await rig.restart();
  assert.equal(rig.registry.quota.held('a').total, 3000, 'counted at the start');
  for (const name of ['a', 'b']) await rig.call('DELETE', `/v2/${name}/manifests/${digest}`);
  const collected = await new Collector(rig.registry).collect({ now: true });
  assert.ok(collected.bytes > 0);
  assert.deepEqual([rig.registry.quota.held('a').total, rig.registry.quota.held('c').repository], [0, 0]);
  await pushBlob(rig, 'd', Buffer.alloc(3000, 2));
});

test('of pushes at the same time only as many succeed as there is room for', async () => {
  await using rig = await startRig(quota(1000, 0));
  const statuses = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const bytes = Buffer.alloc(300, i);
      const path = `/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`;
      return (await rig.call('POST', path, { body: bytes as unknown as string })).status;
    }),
  );
  assert.deepEqual(statuses.sort(), [201, 201, 201, 403, 403, 403, 403, 403]);
  assert.equal(rig.registry.quota.held('a').repository, 900);
});

test('the configuration says how much', () => {
  const { settings } = registryConfig({ quota: { repository: '10g', total: '1t' } });
  assert.deepEqual(settings.quota, { repository: 10 * 2 ** 30, total: 2 ** 40 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, MEDIA } from '#oci';
import { Collector } from '#registry';
import type { Rig } from './rig.ts';
import { pushBlob, pushImage, startRig } from './rig.ts';

const PUSHERS = 4;
const PUSHES = 25;

interface Pushed {
  readonly name: string;
  readonly tag: string;
  readonly digests: readonly string[];
}

/** Pushes as clients do: asks for each blob, sends what is missing, then the manifest; all share a base. */
async function pushAsClients(rig: Rig, name: string, tag: string, left = 20): Promise<Pushed> {
  const texts = ['{}', 'shared base', `own of ${name}:${tag}`];
  const [config, ...layers] = await Promise.all(
    texts.map(async (text) => {
      const descriptor = { mediaType: MEDIA.ociLayer, digest: digestOf(text), size: text.length };
      const head = await rig.call('HEAD', `/v2/${name}/blobs/${descriptor.digest}`);
      if (head.status === 200) return descriptor;
      const mounted = await rig.call('POST', `/v2/${name}/blobs/uploads/?mount=${descriptor.digest}`);
      if (mounted.status === 201) return descriptor;
      return { ...(await pushBlob(rig, name, text)), mediaType: MEDIA.ociLayer };
    }),
  );
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: { ...config, mediaType: MEDIA.ociConfig },
    layers,
  };
  const put = await rig.call('PUT', `/v2/${name}/manifests/${tag}`, { body: JSON.stringify(document) });
  // Collections follow each other at once here: two may pass between a blob and its manifest. Who is told so pushes again.
  if (put.status === 400 && left > 0) return await pushAsClients(rig, name, tag, left - 1);
  assert.equal(put.status, 201, await put.text());
  return { name, tag, digests: texts.map((text) => digestOf(text)) };
}

test('while many push and delete, nothing that is referred to is ever collected', async () => {
  await using rig = await startRig();
  const collector = new Collector(rig.registry);
  const kept: Pushed[] = [];
  let isOver = false;
  const collecting = (async () => {
    let count = 0;
    while (!isOver) {
      await collector.collect();
      count++;
    }
    return count;
  })();
  const push = async (_: unknown, who: number) => {
    for (let i = 0; i < PUSHES; i++) {
      const pushed = await pushAsClients(rig, `team/p${who % 2}`, `t${who}-${i}`);
      if (i % 3 > 0) kept.push(pushed);
      else assert.equal((await rig.call('DELETE', `/v2/${pushed.name}/manifests/${pushed.tag}`)).status, 202);
    }
  };
  await Promise.all(Array.from({ length: PUSHERS }, push)).finally(() => {
    isOver = true;
  });
  assert.ok((await collecting) > 3);
  for (let i = 0; i < 3; i++) await collector.collect();
  for (const { name, tag, digests } of kept) {
    assert.equal((await rig.call('GET', `/v2/${name}/manifests/${tag}`)).status, 200);
    for (const digest of digests) {
      const blob = await rig.call('GET', `/v2/${name}/blobs/${digest}`);
      assert.deepEqual([blob.status, digestOf(await blob.text())], [200, digest], `${name}:${tag}`);
    }
  }
});

test('what nothing refers to goes at the second collection, and what is asked for in between stays', async () => {
  await using rig = await startRig();
  const collector = new Collector(rig.registry);
  const { digest, layer } = await pushImage(rig, 'a', 'v1');
  const stray = await pushBlob(rig, 'a', 'stray');
  await collector.collect();
  await rig.call('DELETE', `/v2/a/manifests/${digest}`);
  assert.equal((await rig.call('HEAD', `/v2/a/blobs/${stray.digest}`)).status, 200);
  await collector.collect();
  assert.equal(await rig.registry.storage.blobs.size(stray.digest), stray.size, 'asked for');
  for (let i = 0; i < 3; i++) await collector.collect();
  assert.equal(await rig.registry.storage.blobs.size(stray.digest), undefined);
  assert.equal(await rig.registry.storage.blobs.size(layer.digest), undefined);
});

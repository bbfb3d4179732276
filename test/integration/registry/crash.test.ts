import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { delay } from '#async';
import { digestOf, MEDIA } from '#oci';
import { startS3 } from '../../harness/s3.ts';
import { pushImage, startRig } from './rig.ts';

const PROGRAM = join(import.meta.dirname, '../../../bin/gantryd');
const POINTS = [
  'registry.upload.begun',
  'registry.blob.linked',
  'registry.upload.unlinked',
  'registry.name.renamed',
  'registry.name.renamed=2',
  'registry.name.renamed=3',
  'registry.name.renamed=5',
  'registry.name.removed',
];

/** A registry as a process of its own, on this folder, that dies at the failpoint. */
async function start(folder: string, failpoint: string, more: Record<string, string> = {}) {
  // This host's own configuration of a registry is nothing to us.
  const config = join(folder, 'config.yml');
  writeFileSync(config, 'version: 0.1\n');
  const child = spawn(PROGRAM, ['registry', 'serve', '--listen', '127.0.0.1:0', '--root', folder, config], {
    env: { ...process.env, ...more, GANTRY_FAILPOINT: failpoint },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface(child.stderr)) {
    const address = /"address":"([^"]+)","msg":"serving/.exec(line)?.[1];
    if (!address) continue;
    child.stderr.resume();
    return {
      url: `http://${address}`,
      ended,
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error('the registry does not serve');
}

/** Pushes an image, moves its tag and deletes it again. */
async function life(url: string): Promise<void> {
  const push = async (text: string, mediaType: string) => {
    const digest = digestOf(text);
    const answer = await fetch(`${url}/v2/a/blobs/uploads/?digest=${digest}`, { method: 'POST', body: text });
    assert.equal(answer.status, 201);
    return { mediaType, digest, size: text.length };
  };
  const config = await push('{}', MEDIA.ociConfig);
  const layers = [await push('layer', MEDIA.ociLayer)];
  const body = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers });
  assert.equal((await fetch(`${url}/v2/a/manifests/v1`, { method: 'PUT', body })).status, 201);
  assert.equal((await fetch(`${url}/v2/a/manifests/v1`, { method: 'DELETE' })).status, 202);
}

/** Whatever can be seen is whole. */
async function check(url: string): Promise<void> {
  for (const text of ['{}', 'layer']) {
    const blob = await fetch(`${url}/v2/a/blobs/${digestOf(text)}`);
    const content = await blob.text();
    if (blob.status === 200) assert.equal(content, text);
    else assert.equal(blob.status, 404);
  }
  const manifest = await fetch(`${url}/v2/a/manifests/v1`);
  const bytes = await manifest.text();
  if (manifest.status !== 200) return assert.equal(manifest.status, 404);
  assert.equal(digestOf(bytes), manifest.headers.get('docker-content-digest'));
  assert.equal((await fetch(`${url}/v2/a/blobs/${digestOf('layer')}`)).status, 200);
}

for (const point of POINTS) {
  test(`killed at ${point}: what is visible is whole, and the same push succeeds`, async () => {
    const folder = mkdtempSync('/var/tmp/gantry-test-registry-');
    try {
      {
        await using registry = await start(folder, point);
        await assert.rejects(life(registry.url));
        const [, signal] = (await registry.ended) as [number | null, string | null];
        assert.equal(signal, 'SIGKILL');
      }
      await using registry = await start(folder, '');
      await check(registry.url);
      await life(registry.url);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

for (const point of [
  'registry.s3.blob.put',
  'registry.s3.blob.put=2',
  'registry.s3.name.put',
  'registry.s3.name.put=3',
  'registry.s3.name.removed',
]) {
  test(`killed at ${point} over a bucket: what is visible is whole, and the same push succeeds`, async () => {
    await using s3 = await startS3('crash');
    const folder = mkdtempSync('/var/tmp/gantry-test-registry-');
    const bucket = {
      REGISTRY_STORAGE: 's3',
      REGISTRY_STORAGE_S3_REGION: 'us-east-1',
      REGISTRY_STORAGE_S3_REGIONENDPOINT: s3.endpoint,
      REGISTRY_STORAGE_S3_BUCKET: 'crash',
      REGISTRY_STORAGE_S3_ACCESSKEY: 'S3RVER',
      REGISTRY_STORAGE_S3_SECRETKEY: 'S3RVER',
    };
    try {
      {
        await using registry = await start(folder, point, bucket);
        await assert.rejects(life(registry.url));
        const [, signal] = (await registry.ended) as [number | null, string | null];
        assert.equal(signal, 'SIGKILL');
      }
      await using registry = await start(folder, '', bucket);
      await check(registry.url);
      await life(registry.url);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Files that hold blobs. */
const blobsIn = (folder: string) =>
  readdirSync(join(folder, 'docker/registry/v2/blobs'), { recursive: true }).filter((name) =>
    String(name).endsWith('data'),
  );

for (const point of [
  'registry.upload.begun',
  'registry.blob.linked',
  'registry.name.renamed',
  'registry.name.renamed=2',
  'registry.name.renamed=5',
]) {
  test(`killed at ${point} while it stands for another one: nothing is kept longer than it may be`, async () => {
    await using upstream = await startRig();
    const { body, layer } = await pushImage(upstream, 'a', 'v1');
    const folder = mkdtempSync('/var/tmp/gantry-test-registry-');
    const proxy = { REGISTRY_PROXY_REMOTEURL: `http://${upstream.address}` };
    const pull = async (url: string) => {
      assert.equal(await (await fetch(`${url}/v2/a/manifests/v1`)).text(), body);
      assert.equal(await (await fetch(`${url}/v2/a/blobs/${layer.digest}`)).text(), 'layer of v1');
    };
    try {
      {
        await using registry = await start(folder, point, proxy);
        // The last effects may come after the answer.
        await pull(registry.url).catch(() => undefined);
        const [, signal] = (await registry.ended) as [number | null, string | null];
        assert.equal(signal, 'SIGKILL');
      }
      await using registry = await start(folder, '', { ...proxy, REGISTRY_PROXY_TTL: '1s' });
      await pull(registry.url);
      for (let i = 0; i < 1000 && blobsIn(folder).length > 0; i++) await delay(10);
      assert.deepEqual(blobsIn(folder), []);
      await pull(registry.url);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

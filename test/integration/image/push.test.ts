import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Progress } from '#api';
import type { Digest } from '#oci';
import { digestHex, digestOf, MEDIA, shortId } from '#oci';
import { RegistryDouble } from '../../harness/registry.ts';
import { blob, configOf, describe, dockerArchive, json, manifestOf, tar } from './archives.ts';
import { Engine } from './engine.ts';

const BASE = tar({ 'etc/base': 'base' });
const TOP = tar({ 'etc/top': 'top' });
const ids = [TOP, BASE].map((layer) => shortId(digestOf(layer)));

const push = (engine: Engine, name: string, tag = ''): Promise<Progress[]> =>
  Array.fromAsync(engine.images.push(name, tag));

/** The status of each line; those of layers in the order of their layers. */
function told(lines: Progress[]): string[] {
  const statuses = ids.map((id) => lines.filter((line) => line.id === id).map(({ status }) => status));
  const others = lines
    .filter(({ id, status }) => id === undefined && status !== undefined)
    .map(({ status }) => status!);
  return [others[0]!, ...statuses.map((each) => [...new Set(each)].join(', ')), ...others.slice(1)];
}

test('a loaded image: packed once, lines as dockerd has them, known by its digest, mounted elsewhere', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  const repository = `${registry.host}/team/app`;
  await engine.load(dockerArchive([`${repository}:1`], [BASE, TOP]).bytes);
  const lines = await push(engine, repository, '1');
  const { type, bytes } = registry.manifests.get('team/app:1')!;
  const digest = digestOf(bytes);
  const first = `The push refers to repository [${repository}]`;
  const last = `1: digest: ${digest} size: ${bytes.length}`;
  assert.deepEqual(told(lines), [first, 'Preparing, Pushing, Pushed', 'Preparing, Pushing, Pushed', last]);
  assert.deepEqual(lines.at(-1), { progressDetail: {}, aux: { Tag: '1', Digest: digest, Size: bytes.length } });
  assert.equal(type, MEDIA.dockerManifest);
  const manifest = JSON.parse(bytes.toString());
  const stored = manifest.layers.map((layer: { digest: string }) => registry.blobOf('team/app', layer.digest));
  assert.deepEqual(
    stored.map((layer: Buffer) => gunzipSync(layer)),
    [BASE, TOP],
  );
  assert.deepEqual(engine.images.inspect(`${repository}:1`).RepoDigests, [`${repository}@${digest}`]);

  assert.deepEqual(told(await push(engine, repository, '1')), [
    first,
    'Preparing, Layer already exists',
    'Preparing, Layer already exists',
    last,
  ]);
  await engine.images.tag(`${repository}:1`, { repo: `${registry.host}/other`, tag: '2' });
  const mounted = 'Preparing, Mounted from team/app';
  assert.deepEqual(told(await push(engine, `${registry.host}/other:2`)).slice(1, 3), [mounted, mounted]);
  assert.deepEqual(registry.manifests.get('other:2')!.bytes, bytes);
  assert.ok(engine.events().includes(`push ${repository}`));

  await using twin = new Engine();
  await twin.load(dockerArchive([`${registry.host}/twin:1`], [BASE, TOP]).bytes);
  await push(twin, `${registry.host}/twin`);
  assert.deepEqual(registry.manifests.get('twin:1')!.bytes, bytes, 'the same image gets the same digest everywhere');
});

test('manifests and indexes are pushed as they came', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  const config = configOf([BASE]);
  const packed = gzipSync(BASE, { level: 1 });
  const manifest = Buffer.from(`${manifestOf(config, [packed], `${MEDIA.ociLayer}+gzip`)}\n`);
  const index = json({
    schemaVersion: 2,
    mediaType: MEDIA.ociIndex,
    manifests: [describe(MEDIA.ociManifest, manifest)],
  });
  const annotations = { 'io.containerd.image.name': `${registry.host}/multi:1` };
  const layout = tar({
    ...Object.assign({}, ...[config, packed, manifest, index].map(blob)),
    'index.json': json({ schemaVersion: 2, manifests: [describe(MEDIA.ociIndex, index, { annotations })] }),
  });
  await engine.load(layout);
  await push(engine, `${registry.host}/multi`, '1');
  assert.deepEqual(registry.manifests.get('multi:1'), { type: MEDIA.ociIndex, bytes: index });
  assert.deepEqual(registry.manifests.get(`multi@${digestOf(manifest)}`)!.bytes, manifest);
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const options = { platform: { os: 'linux', architecture } };
  await Array.fromAsync(engine.images.push(`${registry.host}/multi`, '1', options));
  assert.deepEqual(registry.manifests.get('multi:1'), { type: MEDIA.ociManifest, bytes: manifest });
});

test('an index of which not everything is here is pushed as its manifest, whole where the rest is there', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  const config = configOf([BASE]);
  const packed = gzipSync(BASE);
  const own = manifestOf(config, [packed], `${MEDIA.ociLayer}+gzip`);
  const foreign = json({
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: describe(MEDIA.ociConfig, json({})),
    layers: [],
  });
  const platform = { os: 'linux', architecture: 's390x' };
  const manifests = [describe(MEDIA.ociManifest, own), describe(MEDIA.ociManifest, foreign, { platform })];
  const index = json({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests });
  const annotations = { 'io.containerd.image.name': `${registry.host}/multi:1` };
  const layout = tar({
    ...Object.assign({}, ...[config, packed, own, index].map(blob)),
    'index.json': json({ schemaVersion: 2, manifests: [describe(MEDIA.ociIndex, index, { annotations })] }),
  });
  await engine.load(layout);
  await push(engine, `${registry.host}/multi`, '1');
  assert.deepEqual(registry.manifests.get('multi:1')!.bytes, own);
  registry.manifests.set(`multi@${digestOf(foreign)}`, { type: MEDIA.ociManifest, bytes: foreign });
  await push(engine, `${registry.host}/multi`, '1');
  assert.deepEqual(registry.manifests.get('multi:1')!.bytes, index);
});

test('what a registry refuses: a large body is sent by pieces, rights and lies end the push', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  const big = tar({ big: randomBytes(9 * 2 ** 20) });
  await engine.load(dockerArchive([`${registry.host}/big:1`], [big]).bytes);
  registry.behaviour = ({ method, headers }, response) => {
    const refuses = method !== 'GET' && Number(headers['content-length'] ?? 0) > 8 * 2 ** 20;
    if (refuses) response.writeHead(413).end();
    return refuses;
  };
  await push(engine, `${registry.host}/big`, '1');
  assert.equal(registry.count(/^PATCH/), 2);
  const denied = { code: 'DENIED', message: 'not for you' };
  registry.behaviour = ({ method }, response) => {
    if (method === 'PUT')
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [denied] }));
    return method === 'PUT';
  };
  await assert.rejects(push(engine, `${registry.host}/big`, '1'), { message: `denied: ${denied.message}` });
  const digests = engine.images.inspect(`${registry.host}/big:1`).RepoDigests;
  registry.behaviour = ({ method, url }, response) => {
    const lies = method === 'PUT' && url!.includes('/manifests/');
    if (lies) response.writeHead(201, { 'docker-content-digest': digestOf('else') }).end();
    return lies;
  };
  await assert.rejects(push(engine, `${registry.host}/big`, '1'), /the registry took manifest/);
  assert.deepEqual(engine.images.inspect(`${registry.host}/big:1`).RepoDigests, digests);
});

test('names that cannot be pushed, in dockerd words', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  await engine.load(dockerArchive([`${registry.host}/app:1`], [BASE]).bytes);
  const refused = (name: string, tag: string, message: string) =>
    assert.rejects(async () => await push(engine, name, tag), { message });
  await refused(`${registry.host}/app`, '2', `tag does not exist: ${registry.host}/app:2`);
  await refused('nosuch', 'x', 'An image does not exist locally with the tag: nosuch');
  await refused(`${registry.host}/app@${digestOf('x')}`, '', 'cannot push a digest reference');
  await refused('UPPER', 'x', 'invalid reference format: repository name (library/UPPER) must be lowercase');
  await refused('app', 'a b', 'invalid tag format');
});

test('a damaged layer is not pushed but named, and the next load heals it', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  const { bytes } = dockerArchive([`${registry.host}/app:1`], [BASE]);
  await engine.load(bytes);
  const path = join(engine.root, 'content', 'blobs', 'sha256', digestHex(digestOf(BASE)));
  const damaged = readFileSync(path);
  damaged[600]! ^= 1;
  writeFileSync(path, damaged);
  await assert.rejects(push(engine, `${registry.host}/app:1`), new RegExp(digestOf(BASE)));
  await engine.load(bytes);
  await push(engine, `${registry.host}/app:1`);

  const [packed] = [...registry.blobs.keys()].filter(
    (digest) => digest !== engine.images.resolve(`${registry.host}/app:1`).id,
  );
  const place = join(engine.root, 'content', 'blobs', 'sha256', digestHex(packed as Digest));
  writeFileSync(place, Buffer.from([...readFileSync(place).subarray(0, -1), 1]));
  registry.clear();
  await assert.rejects(push(engine, `${registry.host}/app:1`), new RegExp(packed!));
  assert.equal(registry.blobs.has(packed!), false);
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Digest } from '#oci';
import { digestHex, digestOf, MEDIA } from '#oci';
import { TarReader } from '#tar';
import { blob, configOf, describe, dockerArchive, json, manifestOf, tar } from './archives.ts';
import { Engine } from './engine.ts';

const BASE = tar({ 'etc/base': 'base' });
const TOP = tar({ 'etc/top': 'top' });

async function saved(engine: Engine, names: string[], options = {}): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(engine.images.save(names, options)));
}

async function filesOf(archive: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const reader = new TarReader(Readable.from([archive]));
  for await (const entry of reader) {
    const parts: Buffer[] = [];
    for (let piece = await reader.read(); piece; piece = await reader.read()) parts.push(Buffer.from(piece));
    files.set(entry.name.toString(), Buffer.concat(parts));
  }
  return files;
}

const documentOf = (files: Map<string, Buffer>, name: string) => JSON.parse(files.get(name)!.toString());

test('an archive has the form of dockerd 28, is the same each time, and loads with equal digests', async () => {
  await using engine = new Engine();
  const one = dockerArchive(['app:1', 'localhost:5000/team/app:v2'], [BASE, TOP]);
  const two = dockerArchive(null, [BASE], { author: 'somebody' });
  await engine.load(one.bytes);
  await engine.load(two.bytes);
  const archive = await saved(engine, ['app', 'localhost:5000/team/app:v2', two.id]);
  assert.deepEqual(await saved(engine, ['app', 'localhost:5000/team/app:v2', two.id]), archive);
  const files = await filesOf(archive);
  const names = [...files.keys()];
  assert.deepEqual(names.slice(0, 2), ['blobs/', 'blobs/sha256/']);
  assert.deepEqual(names.slice(-4), ['index.json', 'manifest.json', 'oci-layout', 'repositories']);
  assert.equal(names.length, 2 + 2 + 2 + 2 + 4, 'two configs, two manifests, two layers');
  const layerPath = (bytes: Buffer) => `blobs/sha256/${digestHex(digestOf(bytes))}`;
  const source = (bytes: Buffer) => ({ mediaType: MEDIA.ociLayer, size: bytes.length, digest: digestOf(bytes) });
  assert.deepEqual(documentOf(files, 'manifest.json'), [
    {
      Config: `blobs/sha256/${digestHex(one.id)}`,
      RepoTags: ['app:1', 'localhost:5000/team/app:v2'],
      Layers: [layerPath(BASE), layerPath(TOP)],
      LayerSources: { [digestOf(BASE)]: source(BASE), [digestOf(TOP)]: source(TOP) },
    },
    {
      Config: `blobs/sha256/${digestHex(two.id)}`,
      RepoTags: null,
      Layers: [layerPath(BASE)],
      LayerSources: { [digestOf(BASE)]: source(BASE) },
    },
  ]);
  const index = documentOf(files, 'index.json');
  assert.deepEqual(
    index.manifests.map((entry: { annotations?: Record<string, string> }) => entry.annotations),
    [
      { 'io.containerd.image.name': 'docker.io/library/app:1', 'org.opencontainers.image.ref.name': '1' },
      { 'io.containerd.image.name': 'localhost:5000/team/app:v2', 'org.opencontainers.image.ref.name': 'v2' },
      undefined,
    ],
  );
  const top = digestHex(digestOf(TOP));
  assert.deepEqual(documentOf(files, 'repositories'), { app: { 1: top }, 'localhost:5000/team/app': { v2: top } });

  await using other = new Engine();
  await other.load(archive);
  assert.deepEqual(await saved(other, ['app', 'localhost:5000/team/app:v2', two.id]), archive);
  assert.deepEqual(engine.events().slice(-2), [`save ${one.id}`, `save ${two.id}`]);
});

test('packed layers, manifests and indexes are written as they came', async () => {
  await using engine = new Engine();
  const config = configOf([BASE]);
  const packed = gzipSync(BASE);
  const manifest = Buffer.from(`${manifestOf(config, [packed], `${MEDIA.ociLayer}+gzip`)}\n`);
  const inner = json({
    schemaVersion: 2,
    mediaType: MEDIA.ociIndex,
    manifests: [describe(MEDIA.ociManifest, manifest)],
  });
  const annotations = { 'io.containerd.image.name': 'docker.io/library/multi:1' };
  const layout = tar({
    ...blob(config),
    ...blob(packed),
    ...blob(manifest),
    ...blob(inner),
    'index.json': json({ schemaVersion: 2, manifests: [describe(MEDIA.ociIndex, inner, { annotations })] }),
  });
  await engine.load(layout);
  const archive = await saved(engine, ['multi:1']);
  const files = await filesOf(archive);
  for (const bytes of [config, packed, manifest, inner]) {
    assert.deepEqual(files.get(`blobs/sha256/${digestHex(digestOf(bytes))}`), bytes);
  }
  assert.equal(documentOf(files, 'index.json').manifests[0].digest, digestOf(inner));
  assert.equal(documentOf(files, 'manifest.json')[0].LayerSources, undefined);

  await using other = new Engine();
  await other.load(archive);
  assert.deepEqual(other.images.resolve('multi:1').target.digest, digestOf(inner));
  assert.deepEqual(await saved(other, ['multi:1']), archive);

  const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
  const alone = await filesOf(await saved(engine, ['multi:1'], { platform }));
  assert.equal(documentOf(alone, 'index.json').manifests[0].digest, digestOf(manifest));
  await assert.rejects(saved(engine, ['multi:1'], { platform: { os: 'linux', architecture: 's390x' } }), {
    kind: 'internal',
    message: 'no suitable export target found for platform linux/s390x',
  });
});

test('a damaged blob is named before anything is written, and the next load heals it', async () => {
  await using engine = new Engine();
  const { bytes } = dockerArchive(['app:1'], [BASE, TOP]);
  await engine.load(bytes);
  const archive = await saved(engine, ['app:1']);
  const path = (digest: Digest) => join(engine.root, 'content', 'blobs', 'sha256', digestHex(digest));
  const layer = digestOf(TOP);
  const damages: Record<string, () => void> = {
    flipped: () => {
      const damaged = readFileSync(path(layer));
      damaged[600]! ^= 1;
      writeFileSync(path(layer), damaged);
    },
    truncated: () => truncateSync(path(layer), 100),
    removed: () => rmSync(path(layer)),
  };
  for (const [how, damage] of Object.entries(damages)) {
    damage();
    await assert.rejects(saved(engine, ['app:1']), { message: new RegExp(layer) }, how);
    await engine.load(bytes);
    assert.deepEqual(await saved(engine, ['app:1']), archive, how);
  }
  assert.deepEqual(readdirSync(join(engine.root, 'content', 'ingest')), []);
});

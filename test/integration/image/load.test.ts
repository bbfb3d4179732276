import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { chainIds, digestHex, digestOf, MEDIA } from '#oci';
import { blob, configOf, describe, dockerArchive, json, manifestOf, tar } from './archives.ts';
import { Engine, inPieces, NOTHING } from './engine.ts';

const BASE = tar({ 'etc/base': 'base', 'etc/gone': 'x' });
const TOP = tar({ 'etc/top': 'top', 'etc/.wh.gone': '' });
const host = process.arch === 'arm64' ? 'arm64' : 'amd64';
const foreign = host === 'amd64' ? 'arm64' : 'amd64';

test('a docker-archive: lines, list, inspect, history, names', async () => {
  await using engine = new Engine();
  const { id, bytes } = dockerArchive(['app:1', 'localhost:5000/team/app:v2'], [BASE, TOP]);
  const lines = await engine.load(bytes, { quiet: false });
  const streams = lines.flatMap(({ stream }) => stream ?? []);
  assert.deepEqual(streams, ['Loaded image: app:1\n', 'Loaded image: localhost:5000/team/app:v2\n']);
  const progress = lines.filter(({ status }) => status === 'Loading layer');
  const shorts = [BASE, TOP].map((layer) => digestHex(digestOf(layer)).slice(0, 12));
  assert.deepEqual([...new Set(progress.map((line) => line.id))].sort(), shorts.sort());
  assert.deepEqual(progress.at(-1)!.progressDetail!.current, progress.at(-1)!.progressDetail!.total);

  const [summary, ...others] = engine.images.list();
  assert.deepEqual(others, []);
  assert.deepEqual(summary, {
    Containers: -1,
    Created: 1704164645,
    Id: id,
    Labels: { made: 'test' },
    ParentId: '',
    RepoDigests: [],
    RepoTags: ['app:1', 'localhost:5000/team/app:v2'],
    SharedSize: -1,
    Size: summary!.Size,
  });
  assert.ok(summary!.Size >= 'basextop'.length);
  const inspect = engine.images.inspect('app:1');
  assert.equal(inspect.Created, '2024-01-02T03:04:05.123456789Z');
  assert.deepEqual(inspect.RootFS.Layers, [digestOf(BASE), digestOf(TOP)]);
  assert.equal(inspect.Metadata.LastTagTime, '0001-01-01T00:00:00Z');
  assert.deepEqual(
    engine.images.history('app:1').map(({ Id, CreatedBy, Tags }) => [Id, CreatedBy, Tags?.length]),
    [
      [id, 'step 1', 2],
      ['<missing>', 'step 0', undefined],
    ],
  );
  const chain = chainIds([digestOf(BASE), digestOf(TOP)]);
  assert.deepEqual(engine.images.resolve(id.slice(7, 19)).layers, chain);
  assert.deepEqual(
    chain.map((chainId) => engine.snapshots.has(chainId)),
    [true, true],
  );
  assert.deepEqual(engine.events(), [`load ${id}`]);
});

test('archives packed as a whole, packed layers, links between layers', async () => {
  await using engine = new Engine();
  const { id, bytes } = dockerArchive(['app:1'], [BASE, TOP]);
  for (const packed of [
    gzipSync(bytes),
    zstdCompressSync(bytes),
    Buffer.concat([gzipSync(bytes.subarray(0, 999)), gzipSync(bytes.subarray(999))]),
  ]) {
    assert.deepEqual(await engine.load(packed), [{ stream: 'Loaded image: app:1\n' }]);
    await engine.images.remove('app:1');
    assert.deepEqual(await engine.left(), NOTHING);
  }
  const config = configOf([BASE, TOP, BASE]);
  const files = {
    'manifest.json': json([
      { Config: 'c.json', RepoTags: ['packed:1'], Layers: ['a/layer.tar', 'b/layer.tar', 'c/layer.tar'] },
    ]),
    'a/layer.tar': gzipSync(BASE),
    'b/layer.tar': zstdCompressSync(TOP),
    'c/layer.tar': { link: '../a/layer.tar' },
    'c.json': config,
    repositories: '{}',
    'a/VERSION': '1.0',
  };
  assert.deepEqual(await engine.load(tar(files)), [{ stream: 'Loaded image: packed:1\n' }]);
  const manifest = JSON.parse((await engine.content.read(engine.images.resolve('packed:1').manifest, 9999)).toString());
  assert.deepEqual(
    manifest.layers.map((layer: { mediaType: string }) => layer.mediaType.replace(MEDIA.ociLayer, '')),
    ['+gzip', '+zstd', '+gzip'],
  );
  assert.equal(engine.images.resolve('packed:1').id, digestOf(config));
  assert.notEqual(id, digestOf(config));
});

test('documents are kept byte for byte, and the store lists them as an image layout', async () => {
  await using engine = new Engine();
  const config = configOf([BASE]);
  const manifest = Buffer.from(`${manifestOf(config, [BASE])}\n`);
  const both = {
    ...blob(config),
    ...blob(BASE),
    ...blob(manifest),
    'index.json': json({ schemaVersion: 2, manifests: [describe(MEDIA.ociManifest, manifest)] }),
    'manifest.json': json([
      { Config: Object.keys(blob(config))[0], RepoTags: ['both:1'], Layers: Object.keys(blob(BASE)) },
    ]),
  };
  assert.deepEqual(await engine.load(tar(both)), [{ stream: 'Loaded image: both:1\n' }]);
  assert.equal(engine.images.resolve('both:1').manifest, digestOf(manifest));
  const { blobs } = await engine.left();
  assert.deepEqual(blobs.sort(), [config, BASE, manifest].map((bytes) => digestHex(digestOf(bytes))).sort());
  const index = JSON.parse(readFileSync(join(engine.root, 'content', 'index.json'), 'utf8'));
  assert.deepEqual(index.manifests, [
    describe(MEDIA.ociManifest, manifest, {
      annotations: { 'io.containerd.image.name': 'docker.io/library/both:1', 'org.opencontainers.image.ref.name': '1' },
    }),
  ]);
});

test('an OCI layout: names, nested indexes, the platform of this machine or the one asked for', async () => {
  const here = configOf([BASE]);
  const there = configOf([TOP], { architecture: foreign });
  const [mine, theirs] = [manifestOf(here, [BASE]), manifestOf(there, [gzipSync(TOP)], `${MEDIA.ociLayer}+gzip`)];
  const platform = (architecture: string) => ({ platform: { os: 'linux', architecture } });
  const attestation = { platform: { os: 'unknown', architecture: 'unknown' } };
  const inner = json({
    schemaVersion: 2,
    mediaType: MEDIA.ociIndex,
    manifests: [
      describe(MEDIA.ociManifest, Buffer.from('none'), attestation),
      describe(MEDIA.ociManifest, theirs, platform(foreign)),
      describe(MEDIA.ociManifest, mine, platform(host)),
    ],
  });
  const named = (name: string) => ({ annotations: { 'org.opencontainers.image.ref.name': name } });
  const files = {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': json({
      schemaVersion: 2,
      manifests: [
        describe(MEDIA.ociIndex, inner, { annotations: { 'io.containerd.image.name': 'docker.io/library/multi:1' } }),
        describe(MEDIA.ociIndex, inner, named('quay.io/multi:2')),
      ],
    }),
    ...blob(inner),
    ...blob(mine),
    ...blob(theirs),
    ...blob(here),
    ...blob(there),
    ...blob(BASE),
    ...blob(gzipSync(TOP)),
  };
  await using engine = new Engine();
  const lines = await engine.load(tar(files));
  assert.deepEqual(lines, [{ stream: 'Loaded image: multi:1\n' }, { stream: 'Loaded image: quay.io/multi:2\n' }]);
  const image = engine.images.resolve('multi:1');
  assert.deepEqual([image.id, image.manifest, image.target.digest], [digestOf(here), digestOf(mine), digestOf(inner)]);
  const wanted = { os: 'linux', architecture: foreign };
  await engine.load(tar(files), { quiet: true, platform: wanted });
  assert.equal(engine.images.resolve('multi:1').id, digestOf(there));
  assert.equal(engine.images.list().length, 2, 'the other one lost its names');
  const [line] = await engine.load(tar(files), { platform: { os: 'linux', architecture: 's390x' } });
  assert.equal(line!.error, 'no image for platform linux/s390x in the archive');
});

test('an image without a name is told by its id; a name that moves is told too', async () => {
  await using engine = new Engine();
  const nameless = dockerArchive(null, [BASE]);
  assert.deepEqual(await engine.load(nameless.bytes), [{ stream: `Loaded image ID: ${nameless.id}\n` }]);
  await engine.images.tag(nameless.id, { repo: 'app', tag: '1' });
  const other = dockerArchive(['app:1'], [TOP]);
  assert.deepEqual(await engine.load(other.bytes), [
    { stream: `The image app:1 already exists, renaming the old one with ID ${nameless.id} to empty string\n` },
    { stream: 'Loaded image: app:1\n' },
  ]);
  assert.deepEqual(
    engine.images.list({ filters: { dangling: ['true'] } }).map(({ Id }) => Id),
    [nameless.id],
  );
});

const config = configOf([BASE]);
const archive = (item: object | null, files: object = {}) =>
  tar({ 'manifest.json': json(item === null ? [] : [item]), ...files });
const good = { Config: 'c', RepoTags: ['a:b'], Layers: ['l'] };
const foreignOs = configOf([BASE], { os: 'windows' });
const wrongDiff = configOf([TOP]);

// Recorded from dockerd 28.5, less the folder that it names in "open …".
const BROKEN: readonly [what: string, bytes: Buffer, message: string][] = [
  ['noise', Buffer.alloc(4096, 'x'), 'archive/tar: invalid tar header'],
  ['a short text', Buffer.from('hello\n'), 'unexpected EOF'],
  ['no JSON', tar({ 'manifest.json': '{junk' }), "invalid character 'j' looking for beginning of object key string"],
  ['no config', archive({ ...good, Layers: [] }), 'open c: no such file or directory'],
  [
    'too few layers',
    archive({ ...good, Layers: [] }, { c: config }),
    'invalid manifest, layers length mismatch: expected 0, got 1',
  ],
  ['no layer', archive(good, { c: config }), 'open l: no such file or directory'],
  [
    'a bad name',
    archive({ ...good, RepoTags: ['A:b'] }, { c: config, l: BASE }),
    'invalid reference format: repository name (library/A) must be lowercase',
  ],
  ['a name without tag', archive({ ...good, RepoTags: ['notag'] }, { c: config, l: BASE }), 'invalid tag "notag"'],
  [
    'another layer',
    archive(good, { c: wrongDiff, l: BASE }),
    `invalid diffID for layer 0: expected "${digestOf(TOP)}", got "${digestOf(BASE)}"`,
  ],
  ['half a config', archive(good, { c: '{"rootfs"', l: BASE }), 'unexpected end of JSON input'],
  ['an empty config', archive(good, { c: '{}', l: BASE }), 'invalid image JSON, no RootFS key'],
  ['another system', archive(good, { c: foreignOs, l: BASE }), 'cannot load windows image on linux'],
  [
    'a path out of the archive',
    archive({ ...good, Config: '../../etc/passwd' }),
    'open ../../etc/passwd: no such file or directory',
  ],
  [
    'an object',
    tar({ 'manifest.json': '{}' }),
    'json: cannot unmarshal object into Go value of type []tarexport.manifestItem',
  ],
  [
    'no manifest',
    tar({ t: 'hello' }),
    'unrecognized image format: the archive has neither manifest.json nor index.json',
  ],
  ['cut off', dockerArchive(['a:b'], [BASE]).bytes.subarray(0, 3000), 'unexpected EOF'],
  ['cut off gzip', gzipSync(dockerArchive(['a:b'], [BASE]).bytes).subarray(0, 200), 'unexpected EOF'],
  [
    'a blob under a wrong name',
    tar({ [`blobs/sha256/${'0'.repeat(64)}`]: 'x' }),
    `blob blobs/sha256/${'0'.repeat(64)} of the archive has the digest ${digestOf('x')}`,
  ],
];

test('a broken archive is told in the stream and leaves nothing', async () => {
  await using engine = new Engine();
  for (const [what, bytes, message] of BROKEN) {
    assert.deepEqual(await engine.load(bytes), [{ errorDetail: { message }, error: message }], what);
    assert.deepEqual(await engine.left(), NOTHING, what);
  }
  assert.deepEqual(engine.images.list(), []);
  assert.deepEqual(engine.events(), []);
});

test('a layer that fails to unpack takes the whole archive with it', async () => {
  await using engine = new Engine();
  const fine = dockerArchive(['fine:1'], [BASE]);
  await engine.load(fine.bytes);
  const packed = gzipSync(TOP);
  const bad = json({
    ...JSON.parse(configOf([BASE, TOP]).toString()),
    rootfs: { type: 'layers', diff_ids: [digestOf(BASE), digestOf('other')] },
  });
  const files = {
    'manifest.json': json([{ Config: 'c', RepoTags: ['bad:1'], Layers: ['a', 'b'] }]),
    a: BASE,
    b: packed,
    c: bad,
  };
  const [line] = await engine.load(tar(files));
  assert.ok(line!.error, 'the failure is told');
  assert.deepEqual(
    engine.images.list().map(({ RepoTags }) => RepoTags),
    [['fine:1']],
  );
  const { blobs, ingest, layers } = await engine.left();
  assert.deepEqual([blobs.length, ingest.length, layers], [3, 0, 1]);
  assert.equal(engine.snapshots.has(digestOf(BASE)), true, 'a layer that another image needs stays');
});

test('a client that goes away leaves nothing', async () => {
  await using engine = new Engine();
  const gone = new AbortController();
  const { bytes } = dockerArchive(['app:1'], [BASE]);
  const body = Readable.from(
    (async function* () {
      yield bytes.subarray(0, 2048);
      gone.abort(new Error('context canceled'));
      yield bytes.subarray(2048);
    })(),
  );
  const [line] = await Array.fromAsync(engine.images.load(body, { signal: gone.signal }));
  assert.equal(line!.error, 'context canceled');
  assert.deepEqual(await engine.left(), NOTHING);
});

test('loads side by side share their layers', async () => {
  await using engine = new Engine();
  const archives = [1, 2, 3, 4].map((n) => dockerArchive([`app:${n}`], [BASE, TOP], { comment: `${n}` }));
  const results = await Promise.all(archives.map(({ bytes }) => engine.load(bytes)));
  assert.deepEqual(
    results
      .flat()
      .map(({ stream }) => stream)
      .sort(),
    [1, 2, 3, 4].map((n) => `Loaded image: app:${n}\n`),
  );
  assert.equal(engine.images.liveLayers().size, 2);
  const [{ SharedSize, Size } = { SharedSize: 0, Size: 1 }] = engine.images.list({ sharedSize: true });
  assert.equal(SharedSize, Size);
});

test('a load and a removal of the same layers at once end whole', async () => {
  await using engine = new Engine();
  const archives = ['a', 'b'].map((name) => dockerArchive([`${name}:1`], [BASE, TOP], { comment: name }));
  await engine.load(archives[0]!.bytes);
  for (let round = 0; round < 8; round++) {
    const [old, next] = round % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
    await Promise.all([engine.load(archives[(round + 1) % 2]!.bytes), engine.images.remove(`${old}:1`)]);
    const image = engine.images.resolve(`${next}:1`);
    for (const chainId of image.layers) assert.equal(engine.snapshots.has(chainId), true);
    assert.equal(engine.content.has(image.manifest), true);
    assert.equal(engine.content.has(image.id), true);
  }
});

test('what a killed load left goes at the next start', async () => {
  await using engine = new Engine();
  using lease = engine.content.lease();
  await engine.content.keep(await engine.content.receive(inPieces(Buffer.from('orphan'))), lease);
  lease[Symbol.dispose]();
  await engine.restart().recover();
  assert.deepEqual(await engine.left(), NOTHING);
});

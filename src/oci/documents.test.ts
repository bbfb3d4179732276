import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chainIds,
  decodeArchiveItems,
  decodeImageConfig,
  decodeIndex,
  decodeManifest,
  digestOf,
  IMAGE_LIMITS,
  MEDIA,
  parseDigest,
  parsePlatform,
  platformMatches,
} from './index.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const D = digestOf('x');
const rootfs = { type: 'layers', diff_ids: [D] };

test('a config in the shape of Docker and of OCI; foreign fields are dropped, absent ones are what Go shows', () => {
  const config = decodeImageConfig(
    bytes({
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      created: '2026-01-02T03:04:05.123456789Z',
      config: { Hostname: 'h', Cmd: 'sh', Env: ['A=b'], Labels: { a: 'b' }, ExposedPorts: { '80/tcp': {} }, Evil: 1 },
      container_config: { Cmd: ['no'] },
      history: [{ created_by: 'x', empty_layer: true }],
      rootfs,
    }),
  );
  assert.equal(config.variant, 'v8');
  assert.deepEqual(config.diffIds, [D]);
  assert.deepEqual(config.config, {
    User: '',
    ExposedPorts: { '80/tcp': {} },
    Env: ['A=b'],
    Entrypoint: null,
    Cmd: ['sh'],
    Volumes: null,
    WorkingDir: '',
    Labels: { a: 'b' },
    OnBuild: null,
  });
  assert.equal(config.history[0]?.empty_layer, true);
});

test("configs that are none are refused in Docker's words", () => {
  const cases: [document: string, message: RegExp][] = [
    ['{"rootfs"', /^unexpected end of JSON input$/],
    ['{}', /^invalid image JSON, no RootFS key$/],
    ['[]', /^json: cannot unmarshal array into Go value of type image\.Image$/],
    [JSON.stringify({ rootfs: { diff_ids: ['sha256:1'] } }), /digest/],
    [JSON.stringify({ rootfs: { diff_ids: Array(IMAGE_LIMITS.layers + 1).fill(D) } }), /more than 512 layers/],
    [JSON.stringify({ rootfs, created: 'yesterday' }), /parsing time/],
  ];
  for (const [document, message] of cases) {
    assert.throws(() => decodeImageConfig(Buffer.from(document)), { message, kind: 'invalid-argument' });
  }
  assert.throws(() => decodeImageConfig(Buffer.alloc(IMAGE_LIMITS.configBytes + 1, ' ')), /larger than/);
});

const descriptor = (mediaType: string) => ({ mediaType, digest: D, size: 1 });

test('a document that is manifest and index at once is neither', () => {
  const manifest = { schemaVersion: 2, config: descriptor(MEDIA.ociConfig), layers: [descriptor(MEDIA.ociLayer)] };
  assert.equal(decodeManifest(bytes(manifest)).layers[0]?.digest, D);
  assert.throws(() => decodeManifest(bytes({ ...manifest, manifests: [] })), /got an index/);
  assert.throws(() => decodeManifest(bytes({ ...manifest, mediaType: MEDIA.ociIndex })), /got an index/);
  const index = { schemaVersion: 2, manifests: [descriptor(MEDIA.ociManifest)] };
  assert.equal(decodeIndex(bytes(index)).manifests.length, 1);
  assert.throws(() => decodeIndex(bytes({ ...index, layers: [] })), /got an image manifest/);
  assert.throws(
    () => decodeIndex(bytes({ manifests: [{ ...descriptor(MEDIA.ociManifest), digest: '../x' }] })),
    /digest/,
  );
  assert.throws(() => decodeIndex(bytes({ manifests: [{ ...descriptor(MEDIA.ociManifest), size: -1 }] })), /negative/);
});

test("manifest.json of a docker-archive, with Go's messages", () => {
  const [item] = decodeArchiveItems(bytes([{ Config: 'c', RepoTags: null, Layers: ['l'], LayerSources: {} }]));
  assert.deepEqual(item, { config: 'c', tags: [], layers: ['l'], parent: '' });
  assert.throws(() => decodeArchiveItems(bytes({ Config: 'c' })), {
    message: 'json: cannot unmarshal object into Go value of type []tarexport.manifestItem',
  });
  assert.throws(() => decodeArchiveItems(Buffer.from('{junk')), {
    message: "invalid character 'j' looking for beginning of object key string",
  });
});

test('chain ids name a layer with all below it', () => {
  const [a, b] = [digestOf('a'), digestOf('b')];
  assert.deepEqual(chainIds([]), []);
  assert.deepEqual(chainIds([a, b]), [a, digestOf(`${a} ${b}`)]);
});

test('only whole sha256 digests are digests', () => {
  assert.equal(parseDigest(D), D);
  for (const text of ['', 'sha256:', `${D}0`, D.toUpperCase(), 'sha512:00', 'sha256:../../etc/passwd']) {
    assert.throws(() => parseDigest(text), { kind: 'invalid-argument' });
  }
});

test('platforms: what is left out is the host, and a variant counts only when both sides name one', () => {
  const host = { os: 'linux', architecture: 'amd64' };
  assert.deepEqual(parsePlatform('linux/arm64/v8', host), { os: 'linux', architecture: 'arm64' });
  assert.deepEqual(parsePlatform('linux', host), host);
  assert.deepEqual(parsePlatform('x86_64', host), host);
  assert.deepEqual(parsePlatform('linux/arm/v7', host), { os: 'linux', architecture: 'arm', variant: 'v7' });
  assert.throws(() => parsePlatform('a/b/c/d', host), {
    message: '"a/b/c/d": cannot parse platform specifier: invalid argument',
  });
  assert.throws(() => parsePlatform('', host), { kind: 'invalid-argument' });
  assert.equal(
    platformMatches({ os: 'linux', architecture: 'arm64' }, { os: 'linux', architecture: 'arm64', variant: 'v8' }),
    true,
  );
  assert.equal(
    platformMatches(
      { os: 'linux', architecture: 'arm', variant: 'v6' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ),
    false,
  );
});

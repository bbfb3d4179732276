import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainOf, decodeCacheConfig, decodeInlineCache, recordsDocument } from './cache-config.ts';

const digest = (n: number): `sha256:${string}` => `sha256:${n.toString(16).padStart(64, '0')}`;
const decoded = (config: object) => decodeCacheConfig(Buffer.from(JSON.stringify(config)));
/** As BuildKit 0.25 writes it: layers sorted by digest, the first one left out as a number. */
const BUILDKITS = {
  layers: [
    { blob: digest(1), parent: 2 },
    { blob: digest(2) },
    { blob: digest(3), parent: -1, annotations: { diffID: digest(33), createdAt: '2026-01-01T00:00:00Z' } },
  ],
  records: [
    { digest: digest(10), layers: [{ layer: 1, createdAt: '2026-01-01T00:00:00.5Z' }], inputs: [[{ link: 1 }]] },
    { digest: digest(11) },
    { digest: digest(12), chains: [{ layers: [2, 0], createdAt: '2026-01-01T00:00:00Z' }] },
  ],
};

test('what BuildKit exports is read', () => {
  const { layers, records } = decoded(BUILDKITS);
  assert.deepEqual(chainOf(layers, 1), [2, 0, 1]);
  assert.equal(layers[2]!.diffId, digest(33));
  assert.deepEqual(
    records.map(({ tops, chains }) => [tops, chains]),
    [
      [[1], []],
      [[], []],
      [[], [[2, 0]]],
    ],
  );
});

test('what is written is read, as the part of an image too', () => {
  const written = recordsDocument(
    [
      { digest: digest(1), layer: 0, inputs: [] },
      { digest: digest(2), diffIds: [digest(7)], inputs: [0] },
    ],
    '1970-01-01T00:00:00Z',
  );
  const [first, second] = decoded({ records: written }).records;
  assert.deepEqual(first!.tops, [0]);
  assert.deepEqual(second!.diffIds, [digest(7)]);
  const image = { 'moby.buildkit.cache.v0': Buffer.from(JSON.stringify(written)).toString('base64') };
  assert.deepEqual(decodeInlineCache(Buffer.from(JSON.stringify(image))), [first, second]);
  assert.equal(decodeInlineCache(Buffer.from('{}')), undefined);
});

test('layers that lie on each other in a circle, or on nothing, are refused', () => {
  const { layers } = decoded({
    layers: [
      { blob: digest(1), parent: 1 },
      { blob: digest(2), parent: 0 },
      { blob: digest(3), parent: 9 },
    ],
  });
  assert.throws(() => chainOf(layers, 0), /looping layer/);
  for (const top of [2, 3, -2, 0.5]) assert.throws(() => chainOf(layers, top), /invalid layer index/);
});

test('caches are bounded', () => {
  const many = Array.from({ length: 4097 }, () => ({ blob: digest(1) }));
  assert.throws(() => decoded({ layers: many }), /more than 4096 layers|larger than/);
  const records = Array.from({ length: 16_385 }, () => ({ digest: digest(1) }));
  assert.throws(() => decoded({ records }), /larger than|more than/);
  assert.throws(() => decoded({ layers: [{ blob: '../../etc/passwd' }] }), /digest/);
  const image = { 'moby.buildkit.cache.v0': Buffer.alloc(2 ** 20 + 1, ' ').toString('base64') };
  assert.throws(() => decodeInlineCache(Buffer.from(JSON.stringify(image))), /larger than/);
});

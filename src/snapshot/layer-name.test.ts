import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayMount } from './container-snapshot.ts';
import { isLayerName, layerName } from './layer-name.ts';

test('a layer has a short name of its own', () => {
  const name = layerName(`sha256:${'0'.repeat(60)}1234`);
  assert.equal(name, 'a'.repeat(20));
  assert.equal(layerName(`sha256:${'f'.repeat(64)}`), '7'.repeat(20));
  assert.ok(isLayerName(name));
  for (const other of ['', 'a', '.ingest', 'A'.repeat(20), `${name}a`]) assert.equal(isLayerName(other), false, other);
  for (const id of ['', 'sha256:', `sha512:${'0'.repeat(128)}`, `sha256:${'G'.repeat(64)}`, '../../etc']) {
    assert.throws(() => layerName(id), TypeError, id);
  }
});

test('128 layers fit into the page of options that mount takes', () => {
  const { options } = overlayMount(
    'f'.repeat(64),
    Array.from({ length: 128 }, () => 'a'.repeat(20)),
  );
  assert.ok(options.join(',').length < 4095);
  assert.ok(overlayMount('k', []).options.includes('lowerdir=.stage/empty'));
});

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestHex, digestOf } from '#oci';
import { folderStorage } from './folder.ts';

function fresh() {
  const root = mkdtempSync(join(tmpdir(), 'gantry-registry-'));
  return { root, storage: folderStorage(root), [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

test("names and blobs lie where Docker's registry looks for them", async () => {
  using all = fresh();
  const { blobs, names, uploads } = all.storage;
  const digest = digestOf('x');
  const hex = digestHex(digest);
  for (let i = 0; i < 2; i++) {
    writeFileSync(join(uploads, 'one'), 'x');
    await blobs.adopt(join(uploads, 'one'), digest);
    assert.equal(existsSync(join(uploads, 'one')), false);
  }
  await names.write(`a/b/_layers/sha256/${hex}`, digest);
  const top = join(all.root, 'docker/registry/v2');
  assert.ok(existsSync(join(top, 'blobs/sha256', hex.slice(0, 2), hex, 'data')));
  assert.ok(existsSync(join(top, 'repositories/a/b/_layers/sha256', hex, 'link')));
  assert.deepEqual([await blobs.size(digest), await blobs.list()], [1, [digest]]);
  assert.deepEqual([await names.list('a'), await names.read(`a/b/_layers/sha256/${hex}`)], [['b'], digest]);
  assert.equal(await blobs.remove(digest), 1);
  assert.deepEqual([await blobs.size(digest), await blobs.remove(digest)], [undefined, 0]);
  await names.remove('a');
  assert.equal(await names.read(`a/b/_layers/sha256/${hex}`), undefined);
});

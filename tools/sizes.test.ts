import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints } from './sizes.ts';

test('long files and empty names are complained about, others are not', () => {
  assert.deepEqual(complaints([{ path: 'src/image/load.ts', lines: 120 }]), []);
  assert.equal(complaints([{ path: 'src/image/load.ts', lines: 401 }]).length, 1);
  assert.equal(complaints([{ path: 'src/image/load.test.ts', lines: 401 }]).length, 0);
  assert.equal(complaints([{ path: 'src/image/utils.ts', lines: 1 }]).length, 1);
  assert.equal(complaints([{ path: 'src/common/x.ts', lines: 1 }]).length, 1);
});

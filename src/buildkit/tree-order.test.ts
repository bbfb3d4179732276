import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '#protobuf';
import { Stat } from './filesync.ts';
import { TreeOrder } from './tree-order.ts';

test('paths that are too long together are refused', () => {
  const order = new TreeOrder<true>(10);
  const admit = (path: string) =>
    order.admit({ ...decode(Stat, Buffer.alloc(0)), path: Buffer.from(path), mode: 0o644 }, true);
  assert.equal(admit('12345'), '12345');
  assert.equal(admit('abcde'), 'abcde');
  assert.throws(() => admit('x'), /too many files in a transfer/);
  assert.equal(order.size, 2);
});

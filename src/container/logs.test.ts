import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from './logs.ts';

test('an entry is a frame with time and details in front; with a terminal the bare bytes', () => {
  const entry = { stream: 'stderr', text: 'hi\n', time: 1_000_000_001n, attributes: { b: '2', a: 'x y' } } as const;
  const plain = { timestamps: false, details: false };
  assert.deepEqual([...bytesOf(entry, false, plain)], [2, 0, 0, 0, 0, 0, 0, 3, ...Buffer.from('hi\n')]);
  assert.equal(
    bytesOf(entry, true, { timestamps: true, details: true }).toString(),
    '1970-01-01T00:00:01.000000001Z a=x+y,b=2 hi\n',
  );
});

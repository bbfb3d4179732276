import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSteps } from './progress.ts';

test('progress is told in steps, and once at the end', () => {
  const told: number[] = [];
  const size = 2 ** 20 + 10;
  const at = inSteps(size, (current) => void told.push(current));
  for (const current of [0, 100, 2 ** 19, 2 ** 19 + 5, 2 ** 20, size, size]) at(current);
  assert.deepEqual(told, [2 ** 19, 2 ** 20, size]);
});

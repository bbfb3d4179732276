import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from './duration.ts';

test('durations as Go writes and reads them', () => {
  for (const text of ['0s', '1ns', '1.5µs', '1.5s', '1m30s', '1h0m0s', '250ms', '1h1m1s', '-2m0.3s'])
    assert.equal(formatDuration(parseDuration(text)), text);
  assert.equal(parseDuration('+.5h'), 1_800_000_000_000);
  for (const [text, message] of [
    ['5', 'time: missing unit in duration "5"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['', 'time: invalid duration ""'],
    ['s', 'time: invalid duration "s"'],
    ['9999999999h', 'time: invalid duration "9999999999h"'],
  ] as const)
    assert.throws(() => parseDuration(text), { message });
});

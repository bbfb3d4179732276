import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sprintf } from './printf.ts';

test('widths that are far too large end the format, as in Go', () => {
  assert.equal(sprintf('%5d|%9223372036854775808s|%d', [3, 'x', 4]), '    3|%!(NOVERB)%!(EXTRA string=x, int=4)');
  assert.equal(sprintf('%.99999999f', [1]), '%!(NOVERB)%!(EXTRA int=1)');
  assert.equal(sprintf('%1000001d', [3]).length, 1_000_001);
  assert.equal(sprintf('%*d', [9e9, 3]), '3');
  assert.equal(sprintf('%c%c%q', [Number.POSITIVE_INFINITY, 65, -1]), "\ufffdA'\ufffd'");
});

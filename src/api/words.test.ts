import assert from 'node:assert/strict';
import { test } from 'node:test';
import { before, compareVersions, formatNanos, formatTime, parseTimestamp } from './index.ts';

test('versions are ordered by their numbers, not as text', () => {
  assert.ok(compareVersions('1.9', '1.24') < 0);
  assert.ok(compareVersions('1.24.1', '1.24') > 0);
  assert.equal(compareVersions('1.50', '1.50'), 0);
  assert.equal(before('1.41', '1.42'), true);
  assert.equal(before('1.42', '1.42'), false);
});

test('times of queries are seconds with a fraction', () => {
  assert.equal(parseTimestamp('1700000000'), 1_700_000_000_000_000_000n);
  assert.equal(parseTimestamp('1700000000.5'), 1_700_000_000_500_000_000n);
  assert.equal(parseTimestamp('1700000000.000000001'), 1_700_000_000_000_000_001n);
  assert.equal(parseTimestamp('1.1234567891'), 1_123_456_789n);
  assert.equal(parseTimestamp('-5'), -5_000_000_000n);
  assert.equal(parseTimestamp('0'), undefined);
  assert.throws(() => parseTimestamp('x'), { message: 'strconv.ParseInt: parsing "x": invalid syntax' });
});

test('times are printed as Go prints them', () => {
  assert.equal(formatNanos(1_700_000_000_000_000_001n), '2023-11-14T22:13:20.000000001Z');
  assert.equal(formatNanos(1_700_000_000_000_000_000n), '2023-11-14T22:13:20.000000000Z');
  assert.equal(formatTime(1_700_000_000_120_000_000n), '2023-11-14T22:13:20.12Z');
  assert.equal(formatTime(1_700_000_000_000_000_000n), '2023-11-14T22:13:20Z');
  assert.equal(formatNanos(-1n), '1969-12-31T23:59:59.999999999Z');
});

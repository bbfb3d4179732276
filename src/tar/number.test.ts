import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeNumber, decodeTime, encodeNumber, encodeTime } from './number.ts';

test('numbers are octal where they fit, base 256 beyond, and come back', () => {
  for (const value of [
    0,
    1,
    0o7777,
    0o7777777,
    0o10000000,
    2 ** 31,
    2 ** 40,
    Number.MAX_SAFE_INTEGER,
    -1,
    -(2 ** 40),
  ]) {
    const field = Buffer.alloc(12);
    encodeNumber(field, value, 0, 12);
    assert.equal(decodeNumber(field, 0, 12), value);
  }
  const small = Buffer.alloc(8);
  encodeNumber(small, 0o10000000, 0, 8);
  assert.equal(small[0], 0x80);
  assert.equal(decodeNumber(small, 0, 8), 0o10000000);
});

test('odd writers of octal numbers are understood', () => {
  for (const text of ['  644 \0\0', '0000644\0', '644\0\0\0\0\0', '     644']) {
    assert.equal(decodeNumber(Buffer.from(text, 'latin1'), 0, 8), 0o644, JSON.stringify(text));
  }
  assert.equal(decodeNumber(Buffer.alloc(8), 0, 8), 0);
  assert.throws(() => decodeNumber(Buffer.from('12345x7\0'), 0, 8), /not octal/);
});

test('times keep nanoseconds, before the epoch too', () => {
  for (const [text, seconds, nanoseconds] of [
    ['0', 0, 0],
    ['1.5', 1, 500_000_000],
    ['1350244992.023960108', 1_350_244_992, 23_960_108],
    ['-1', -1, 0],
    ['-0.5', -1, 500_000_000],
    ['-1.000000001', -2, 999_999_999],
  ] as const) {
    assert.deepEqual(decodeTime(text), { seconds, nanoseconds });
    assert.equal(encodeTime({ seconds, nanoseconds }), text);
  }
  assert.deepEqual(decodeTime('7.1234567899'), { seconds: 7, nanoseconds: 123_456_789 });
  assert.deepEqual(decodeTime('7.'), { seconds: 7, nanoseconds: 0 });
  for (const text of ['', '.5', '1e3', '+1', ' 1', '1,5', '9'.repeat(19), '9'.repeat(17)])
    assert.throws(() => decodeTime(text), text);
});

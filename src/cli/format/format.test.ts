import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goQuote, goUnquote } from '#template/quote';
import { compactJson, indentJson } from './json-indent.ts';
import { bytesSize, humanSize, parseBytes } from './size.ts';
import { layOut } from './table.ts';
import { apiTimestamp } from './time.ts';

test('sizes', () => {
  assert.deepEqual(
    [0, 999, 1000, 1984132, 123456789].map((size) => humanSize(size, 3)),
    ['0B', '999B', '1kB', '1.98MB', '123MB'],
  );
  assert.equal(humanSize(1984132), '1.984MB');
  assert.equal(bytesSize(25276223488), '23.54GiB');
  assert.deepEqual(['1g', '1.5GiB', '512m', '1 k', '10'].map(parseBytes), [2 ** 30, 1.5 * 2 ** 30, 2 ** 29, 1024, 10]);
  assert.throws(() => parseBytes('x'), { message: "invalid size: 'x'" });
  assert.throws(() => parseBytes('1x'), { message: "invalid suffix: 'x'" });
});

test('a column is as wide as its widest cell in a run of lines', () => {
  assert.equal(
    layOut('A\tB\nlonger than ten\tx\nno cell\ny\tz\n'),
    'A                 B\nlonger than ten   x\nno cell\ny         z\n',
  );
});

test('JSON keeps its numbers and strings while it is indented or packed', () => {
  const text = '{"a":[],"b":{},"c":[1.0,"x\\u003c, \\"y\\""],"d":{"e":12345678901234567890}}';
  assert.equal(compactJson(indentJson(text)), text);
  assert.equal(indentJson('{"a":[],"b":[1]}'), '{\n    "a": [],\n    "b": [\n        1\n    ]\n}');
});

test('quotes as Go sets them', () => {
  assert.equal(goQuote('a"b\\\n\u0001é'), '"a\\"b\\\\\\n\\x01é"');
  assert.equal(goUnquote('"a\\tb\\u00e9\\x41"'), 'a\tbéA');
});

test('times for the API', () => {
  assert.equal(apiTimestamp('10m', 1_000_000_500), '999400.500000000');
  assert.equal(apiTimestamp('1136073845', 0), '1136073845');
  assert.equal(apiTimestamp('2013-01-02T13:23:37Z', 0), '1357133017.000000000');
  assert.equal(apiTimestamp('2013-01-02T13:23:37.5Z', 0), '1357133017.500000000');
  assert.throws(() => apiTimestamp('xx', 0), { message: 'failed to parse value as time or duration: "xx"' });
});

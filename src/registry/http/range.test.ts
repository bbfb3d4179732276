import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMatch, parseContentRange, parseRange } from './range.ts';

test('one range of bytes is read, anything else means all of it', () => {
  assert.deepEqual(parseRange('bytes=0-0', 5), { start: 0, end: 0 });
  assert.deepEqual(parseRange('bytes=-9', 5), { start: 0, end: 4 });
  assert.equal(parseRange('bytes=-0', 5), null);
  assert.equal(parseRange('bytes=5-', 5), null);
  assert.equal(parseRange('bytes=3-1', 5), null);
  for (const all of ['', 'none', 'bytes=', 'bytes=-', 'bytes=0-1,2-3', 'items=0-1', 'bytes=a-b']) {
    assert.equal(parseRange(all, 5), undefined, all);
  }
});

test('the range of a chunk, in the forms that clients send', () => {
  assert.deepEqual(parseContentRange('0-9'), { start: 0, end: 9 });
  assert.deepEqual(parseContentRange('bytes 5-9/10'), { start: 5, end: 9 });
  for (const bad of ['', '9-0', '-5', '0-', `0-${'9'.repeat(30)}`]) assert.equal(parseContentRange(bad), null, bad);
});

test('an entity is named with or without quotes and weakness', () => {
  for (const header of ['"a"', 'W/"a"', '*', '"b", "a"', 'a']) assert.equal(isMatch(header, 'a'), true, header);
  assert.equal(isMatch('"b"', 'a'), false);
});

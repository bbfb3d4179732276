import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Decoder, decodeList, encode, MESSAGE_MAX } from './protocol.ts';

const text = (fields: Buffer[] | undefined) => fields?.map(String);

test('a message is a netstring of netstrings', () => {
  assert.equal(String(encode(['start', 7, []])), '15:5:start,1:7,0:,,');
  assert.equal(String(encode(['a', ['b', ['c']]])), '19:1:a,11:1:b,4:1:c,,,,');
});

test('lengths count bytes', () => {
  assert.equal(String(encode(['é'])), '5:2:é,,');
});

test('messages come out whole, however they arrive', () => {
  const decoder = new Decoder();
  const bytes = Buffer.concat([encode(['ok', 1]), encode(['exit', '', 0]), Buffer.from('stream')]);
  const seen: unknown[] = [];
  for (const byte of bytes.subarray(0, -6)) {
    decoder.push(Buffer.from([byte]));
    const message = decoder.next();
    if (message) seen.push(text(message));
  }
  assert.deepEqual(seen, [
    ['ok', '1'],
    ['exit', '', '0'],
  ]);
  decoder.push(bytes.subarray(-6));
  assert.equal(String(decoder.rest), 'stream');
});

test('nested lists decode', () => {
  const decoder = new Decoder();
  decoder.push(encode(['hello', [['x', 'y'], ['z']]]));
  const [, list] = decoder.next()!;
  assert.deepEqual(
    decodeList(list!).map((inner) => text(decodeList(inner))),
    [['x', 'y'], ['z']],
  );
});

for (const bad of ['x', ':', '01:a,', `${MESSAGE_MAX + 1}:`, '3:abcd', '4:1:ab,', '-1:,', '4:9:a,,']) {
  test(`refuses ${bad}`, () => {
    const decoder = new Decoder();
    decoder.push(Buffer.from(bad));
    assert.throws(() => decoder.next(), SyntaxError);
  });
}

test('a message that is too long is not sent', () => {
  assert.throws(() => encode(['x'.repeat(MESSAGE_MAX)]), RangeError);
});

test('the examples of PROTOCOL.md are messages', () => {
  const page = readFileSync(new URL('../../../native/monitor/PROTOCOL.md', import.meta.url), 'utf8');
  const examples = page.match(/^ {4}\d+:.*,$/gm) ?? [];
  assert.ok(examples.length >= 16);
  for (const example of examples) {
    const decoder = new Decoder();
    decoder.push(Buffer.from(example.trim()));
    assert.ok(decoder.next(), example);
    assert.equal(decoder.rest.length, 0, example);
  }
});

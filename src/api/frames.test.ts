import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameDecoder } from './index.ts';

const STREAM = Buffer.concat([
  encodeFrame('stdout', Buffer.from('hello')),
  encodeFrame('stderr', Buffer.alloc(0)),
  encodeFrame('stderr', Buffer.from('oops\n')),
  encodeFrame('systemerr', Buffer.from('!')),
]);

test('a frame is its stream, three zeros, a big-endian length, the bytes', () => {
  assert.equal(encodeFrame('stderr', Buffer.from('ab')).toString('hex'), '02000000000000026162');
});

for (const size of [1, 2, 7, 8, 9, 13, 64]) {
  test(`a stream in pieces of ${size} gives the same bytes on the same streams`, () => {
    const decoder = new FrameDecoder();
    const texts: Record<string, string> = {};
    for (let at = 0; at < STREAM.length; at += size) {
      for (const { stream, data } of decoder.push(STREAM.subarray(at, at + size))) {
        texts[stream] = (texts[stream] ?? '') + Buffer.from(data).toString();
      }
    }
    assert.deepEqual(texts, { stdout: 'hello', stderr: 'oops\n', systemerr: '!' });
    assert.equal(decoder.isComplete, true);
  });
}

test('a stream that is cut short is not complete', () => {
  const decoder = new FrameDecoder();
  decoder.push(STREAM.subarray(0, 10));
  assert.equal(decoder.isComplete, false);
  const head = new FrameDecoder();
  head.push(STREAM.subarray(0, 3));
  assert.equal(head.isComplete, false);
});

test('a head that names no stream is refused', () => {
  assert.throws(() => new FrameDecoder().push(Buffer.from([9, 0, 0, 0, 0, 0, 0, 1, 65])), /unrecognized stream: 9/);
});

test('a frame longer than all memory keeps nothing', () => {
  const decoder = new FrameDecoder();
  const frames = decoder.push(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255, 65, 66]));
  assert.deepEqual(
    frames.map(({ data }) => Buffer.from(data).toString()),
    ['AB'],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demultiplexer } from './demux.ts';
import { detachKeyBytes } from './detach-keys.ts';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

test('frames come apart the same however the bytes are cut', () => {
  const bytes = Buffer.concat([frame(1, 'out'), frame(2, 'error'), frame(1, ''), frame(1, 'more'), frame(1, '!')]);
  for (let size = 1; size <= bytes.length; size += 1) {
    const seen: Record<number, string> = { 1: '', 2: '' };
    const demultiplexer = new Demultiplexer((stream, pieces) => {
      seen[stream] += Buffer.concat(pieces).toString();
    });
    for (let at = 0; at < bytes.length; at += size) demultiplexer.push(bytes.subarray(at, at + size));
    assert.deepEqual(seen, { 1: 'outmore!', 2: 'error' });
  }
});

test('a frame of the daemon ends the stream with its text', () => {
  const demultiplexer = new Demultiplexer(() => assert.fail('no output expected'));
  assert.throws(() => demultiplexer.push(frame(3, 'gone')), { message: 'error from daemon in stream: gone' });
});

test('an unknown detach key is refused', () => {
  assert.deepEqual([...detachKeyBytes('ctrl-p,ctrl-q')], [16, 17]);
  assert.throws(() => detachKeyBytes('foo'), { message: "Unknown character: 'foo'" });
});

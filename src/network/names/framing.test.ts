import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Framer, framed } from './framing.ts';

test('messages come out whole, however the bytes were cut', () => {
  const messages = ['', 'a', 'bc'.repeat(300)].map((text) => Buffer.from(text));
  const bytes = Buffer.concat(messages.map(framed));
  for (const step of [1, 2, 7, bytes.length]) {
    const framer = new Framer();
    const found: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += step) found.push(...framer.push(bytes.subarray(at, at + step)));
    assert.deepEqual(found.map(String), messages.map(String));
  }
});

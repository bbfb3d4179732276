import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSignal, parseSignal } from './signals.ts';

test('signals have names with and without SIG, numbers, and real-time ones count from both ends', () => {
  const known: [string, number][] = [
    ['SIGHUP', 1],
    ['hup', 1],
    ['9', 9],
    ['RTMIN+3', 37],
    ['SIGRTMAX-1', 63],
    ['RTMAX', 64],
    ['CLD', 17],
  ];
  for (const [text, number] of known) assert.equal(parseSignal(text), number, text);
});

test('unknown ones are refused in the words of Docker', () => {
  for (const text of ['FOO', 'SIGRTMIN+99', '0', '']) {
    assert.throws(() => parseSignal(text), { message: `invalid signal: ${text}`, kind: 'invalid-argument' });
  }
  assert.throws(() => assertSignal(99), { message: 'the linux daemon does not support signal 99' });
  assertSignal(37);
});

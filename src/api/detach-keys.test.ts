import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_DETACH_KEYS, DetachScanner, parseDetachKeys } from './detach-keys.ts';

/** What is passed on of these pieces, and whether the keys were seen. */
function type(keys: Uint8Array, ...pieces: number[][]) {
  const scanner = new DetachScanner(keys);
  const forward: number[] = [];
  for (const piece of pieces) {
    const result = scanner.scan(Uint8Array.from(piece));
    forward.push(...result.forward);
    if (result.detached) return { forward, detached: true };
  }
  return { forward, detached: false };
}

test('the sequence is found within a read and across reads', () => {
  assert.deepEqual(type(DEFAULT_DETACH_KEYS, [1, 16, 17, 9]), { forward: [1], detached: true });
  assert.deepEqual(type(DEFAULT_DETACH_KEYS, [1, 16], [17]), { forward: [1], detached: true });
});

test('what turns out not to be the sequence is passed on', () => {
  assert.deepEqual(type(DEFAULT_DETACH_KEYS, [16], [5]), { forward: [16, 5], detached: false });
  assert.deepEqual(type(DEFAULT_DETACH_KEYS, [16, 16, 17]), { forward: [16], detached: true });
  assert.deepEqual(type(Uint8Array.of(1, 2, 3), [1, 2], [1, 2, 3]), { forward: [1, 2], detached: true });
  assert.deepEqual(type(Uint8Array.of(1, 2, 3), [1, 2, 4, 1]), { forward: [1, 2, 4], detached: false });
});

test('keys are letters and ctrl- combinations', () => {
  assert.deepEqual(parseDetachKeys('ctrl-p,ctrl-q'), DEFAULT_DETACH_KEYS);
  assert.deepEqual(parseDetachKeys('a,ctrl-@,ctrl-[,ctrl-_'), Uint8Array.of(97, 0, 27, 31));
  assert.equal(parseDetachKeys(''), undefined);
  assert.deepEqual([...parseDetachKeys('DEL,ctrl-]')!], [127, 29]);
  const refused = { message: 'Invalid detach keys (a,bad) provided', kind: 'invalid-argument' };
  assert.throws(() => parseDetachKeys('a,bad'), refused);
  const own = (text: string, key: string) => new Error(`${text}: ${key}`);
  assert.throws(() => parseDetachKeys('a,bad', own), { message: 'a,bad: bad' });
});

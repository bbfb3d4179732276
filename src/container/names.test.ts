import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeName, parseName } from './names.ts';

test('names are two characters or more of a small set', () => {
  assert.equal(parseName('/web'), 'web');
  assert.equal(parseName('a0_.-'), 'a0_.-');
  for (const name of ['bad name', 'a', '/', 'a/b', '-a', '']) {
    assert.throws(() => parseName(name), {
      message: `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      kind: 'invalid-argument',
    });
  }
});

test('random names are free; after six tries the fallback is taken', () => {
  const tried: string[] = [];
  const taken = (name: string) => tried.push(name) > 0;
  assert.equal(freeName(taken, 'fallback'), 'fallback');
  assert.equal(tried.length, 6);
  assert.match(tried[0]!, /^[a-z]+_[a-z]+$/);
  for (const name of tried.slice(1)) assert.match(name, /^[a-z]+_[a-z]+\d$/);
  assert.equal(parseName(freeName(() => false, '')).includes('_'), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  booleanFilter,
  checkFilters,
  filterValues,
  matchesExactly,
  matchesFuzzy,
  matchesLabels,
  matchesPattern,
  parseFilters,
} from './index.ts';

test('both forms say the same; a false value counts too', () => {
  assert.deepEqual(parseFilters('{"label":{"a=b":true,"c":false}}'), { label: ['a=b', 'c'] });
  assert.deepEqual(parseFilters('{"label":["a=b","c"]}'), { label: ['a=b', 'c'] });
  assert.deepEqual(parseFilters('{"label":null,"id":[]}'), { label: [], id: [] });
  assert.deepEqual(parseFilters(''), {});
  assert.deepEqual(parseFilters('null'), {});
});

for (const text of ['{"a":1}', 'x', '[]', '{"a":', '"a"', '{"a":[1]}', '{"a":{"b":1}}']) {
  test(`${text} is no filter`, () => assert.throws(() => parseFilters(text), { message: 'invalid filter' }));
}

test('an unknown key is named, also without values', () => {
  assert.throws(() => checkFilters({ foo: [] }, ['id']), { message: "invalid filter 'foo'" });
  checkFilters({ id: ['x'] }, ['id']);
});

test('a key named like a method of objects has no values', () => {
  assert.deepEqual(filterValues({}, 'toString'), []);
  assert.equal(matchesLabels(['constructor'], {}), false);
});

test('labels match by key or by key and value, all of them', () => {
  const labels = { a: '1', b: '' };
  assert.equal(matchesLabels(['a', 'a=1', 'b='], labels), true);
  assert.equal(matchesLabels(['a=2'], labels), false);
  assert.equal(matchesLabels(['a', 'c'], labels), false);
  assert.equal(matchesLabels([], null), true);
  assert.equal(matchesLabels(['a'], null), false);
});

test('names match as text or expression anywhere, ids by prefix, the rest exactly', () => {
  assert.equal(matchesPattern(['^/web'], '/web1'), true);
  assert.equal(matchesPattern(['('], '/web1'), false);
  assert.equal(matchesPattern([], 'x'), true);
  assert.equal(matchesFuzzy(['abc'], 'abcdef'), true);
  assert.equal(matchesFuzzy(['xyz'], 'abcdef'), false);
  assert.equal(matchesExactly(['a'], 'ab'), false);
  assert.equal(matchesExactly([], 'ab'), true);
});

test('boolean filters take true and false in words and digits, and nothing else', () => {
  assert.equal(booleanFilter({}, 'dangling', true), true);
  assert.equal(booleanFilter({ dangling: ['1'] }, 'dangling', false), true);
  assert.equal(booleanFilter({ dangling: ['false'] }, 'dangling', true), false);
  assert.throws(() => booleanFilter({ 'is-task': ['x'] }, 'is-task', false), {
    message: "invalid filter 'is-task=[x]'",
  });
  assert.throws(() => booleanFilter({ a: ['true', 'false'] }, 'a', false), {
    message: "invalid filter 'a=[true false]'",
  });
});

test('no pattern keeps the matcher busy', () => {
  const began = performance.now();
  assert.equal(matchesPattern([`${'a*'.repeat(20)}b`, '(a+)+$b', '(a|aa)+b'], 'a'.repeat(40)), false);
  assert.ok(performance.now() - began < 100);
  assert.equal(matchesPattern(['^a{2,3}(x|y)?$'], 'aay'), true);
});

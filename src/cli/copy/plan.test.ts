import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absolute, keepEnd, linkTarget, renamed, splitLast } from './local-path.ts';
import { planCopy } from './plan.ts';
import { underTop } from './rename-top.ts';

const file = (path: string) => ({ path, exists: true, isDirectory: false });
const directory = (path: string) => ({ path, exists: true, isDirectory: true });
const missing = (path: string) => ({ path, exists: false, isDirectory: false });

test('where a copy goes and what it is called there', () => {
  assert.deepEqual(planCopy(file('/s/a'), directory('/d')), { directory: '/d', name: undefined });
  assert.deepEqual(planCopy(file('/s/a'), file('/d/b')), { directory: '/d', name: 'b' });
  assert.deepEqual(planCopy(file('/s/a'), missing('/d/b')), { directory: '/d', name: 'b' });
  assert.deepEqual(planCopy(directory('/s/a'), missing('/d/b')), { directory: '/d', name: 'b' });
  assert.deepEqual(planCopy({ ...directory('/s/a/'), rename: 'l' }, directory('/d')), { directory: '/d', name: 'l' });
  assert.throws(() => planCopy(directory('/s/a'), file('/d/b')), /cannot copy directory/);
  assert.throws(() => planCopy(file('/s/a'), missing('/d/b/')), /no such directory/);
});

test('the end of a path keeps its meaning', () => {
  assert.equal(keepEnd('/a', 'a/.'), '/a/.');
  assert.equal(keepEnd('/', '/.'), '/.');
  assert.equal(absolute('/a/b/'), '/a/b/');
  assert.equal(absolute('/a/../b/.'), '/b/.');
  assert.deepEqual(splitLast('/a/b/.'), { directory: '/a/b', base: '.' });
  assert.deepEqual(splitLast('/a/b/'), { directory: '/a', base: 'b' });
  assert.deepEqual(splitLast('/'), { directory: '/', base: '/' });
  assert.equal(linkTarget('/a/l', '../t'), '/t');
  assert.deepEqual(renamed('/a/l/', '/t'), { path: '/t/', rename: 'l' });
});

test('names below another top', () => {
  const under = (name: string, old: string, next: string) => underTop(Buffer.from(name), old, next).toString();
  assert.equal(under('a/', 'a', 'b'), 'b/');
  assert.equal(under('a/x', 'a', 'b'), 'b/x');
  assert.equal(under('ab/x', 'a', 'b'), 'ab/x');
  assert.equal(under('./x', '.', 'b'), 'b/x');
  assert.equal(under('/', '/', 'b'), 'b/');
  assert.equal(under('/bin/x', '/', 'b'), 'b/bin/x');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanPath, joinPath, splitPath } from './path.ts';
import { isAufsPath, whiteoutName, whiteoutOf } from './whiteout.ts';

test('names become paths below the root', () => {
  const clean = (name: string): string => cleanPath(Buffer.from(name, 'latin1')).toString('latin1');
  for (const [name, path] of [
    ['a', 'a'],
    ['a/b/c', 'a/b/c'],
    ['/a//b/', 'a/b'],
    ['./a/./b/.', 'a/b'],
    ['../../a', 'a'],
    ['a/../../b', 'b'],
    ['a/..', ''],
    ['/', ''],
    ['', ''],
    ['.', ''],
    ['..', ''],
    ['...', '...'],
    ['..a/.b', '..a/.b'],
    ['caf\xe9/\xff', 'caf\xe9/\xff'],
  ] as const) {
    assert.equal(clean(name), path, name);
  }
  assert.throws(() => clean('a\0b'), /NUL/);
});

test('paths are joined and split at the last slash', () => {
  const split = (path: string) => {
    const { parent, base } = splitPath(Buffer.from(path));
    return [parent.toString(), base.toString()];
  };
  assert.deepEqual(split('a/b/c'), ['a/b', 'c']);
  assert.deepEqual(split('c'), ['', 'c']);
  assert.equal(joinPath(['a', 'b', 'c'].map((part) => Buffer.from(part))).toString(), 'a/b/c');
  assert.equal(joinPath([]).length, 0);
});

test('whiteouts are told from files', () => {
  const kind = (base: string) => whiteoutOf(Buffer.from(base))?.kind;
  assert.deepEqual(whiteoutOf(Buffer.from('.wh.gone')), { kind: 'remove', name: Buffer.from('gone') });
  assert.equal(kind('.wh..wh..opq'), 'opaque');
  assert.equal(kind('.wh..wh.plnk'), 'ignored');
  for (const base of ['.wh.', '.wh..', '.wh...']) assert.equal(kind(base), 'ignored', base);
  for (const base of ['.wh', '.who', 'a.wh.b', 'wh.x', '']) assert.equal(kind(base), undefined, base);
  assert.equal(whiteoutName(Buffer.from('x')).toString(), '.wh.x');
  assert.ok(isAufsPath(Buffer.from('.wh..wh.plnk/1')));
  assert.ok(!isAufsPath(Buffer.from('.wh..wh..opq')));
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { diskTree } from './disk-tree.ts';
import { Excluded } from './excluded.ts';
import { parseMode } from './mode.ts';
import { resolveIn } from './resolve.ts';
import { select } from './select.ts';
import { walk } from './walk.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'gantry-select-'));
  for (const path of ['a/b/c.txt', 'a/b/d.md', 'a/e/c.txt', 'top.txt', 'x[1].txt']) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  symlinkSync('/a/b', join(root, 'link'));
  symlinkSync('../../../../../../../etc/passwd', join(root, 'out'));
  symlinkSync('loop', join(root, 'loop'));
});
after(() => rmSync(root, { recursive: true }));

const names = (source: string, parents = false) =>
  select(diskTree(root), { sources: [source], parents }).map(({ kept, name }) => (parents ? kept : name));
const paths = (source: string) =>
  select(diskTree(root), { sources: [source], parents: false }).map(({ path }) => path.slice(root.length));

test('sources: literal paths must exist, patterns may match nothing', () => {
  assert.deepEqual(names('/top.txt'), ['top.txt']);
  assert.deepEqual(names('../../top.txt'), ['top.txt']);
  assert.throws(() => names('nosuch'), { message: '"/nosuch": not found', kind: 'not-found' });
  assert.deepEqual(names('nosuch*'), []);
  assert.deepEqual(names('a/*/c.txt'), ['a/b/c.txt', 'a/e/c.txt']);
  assert.deepEqual(names('t?p.[t]xt'), ['top.txt']);
  assert.deepEqual(names('x\\[1\\].txt'), ['x[1].txt']);
  assert.deepEqual(names('**/c.txt', true), ['a/b/c.txt', 'a/e/c.txt']);
  assert.deepEqual(names('a/./b/*.md', true), ['b/d.md']);
});

test('links stay within the tree', () => {
  assert.deepEqual(paths('link/c.txt'), ['/a/b/c.txt']);
  assert.equal(resolveIn(diskTree(root), 'out'), `${root}/etc/passwd`);
  assert.throws(() => names('out'), /not found/);
  assert.throws(() => names('loop'), /too many links/);
});

test('what is excluded is left out, but for what is taken back', () => {
  const [top] = select(diskTree(root), { sources: ['/'], parents: false });
  const taken = (patterns: string[]) =>
    [...walk(diskTree(root), top!, new Excluded({ excludes: patterns, omits: [] }))].map(({ below }) => below).sort();
  assert.ok(taken([]).includes('a/b/d.md'));
  const [folder] = select(diskTree(root), { sources: ['/a'], parents: false });
  const below = [...walk(diskTree(root), folder!, new Excluded({ excludes: ['a/b/d.md'], omits: ['b/c.txt', 'a'] }))];
  // What a copy omits is named from the folder that it copies.
  assert.deepEqual(below.map(({ below: name }) => name).sort(), ['', 'b', 'e', 'e/c.txt']);
  assert.deepEqual(taken(['a', '!a/b/d.md', '*.txt', 'l*', 'out']), ['', 'a', 'a/b', 'a/b/d.md']);
});

test('modes as chmod(1) reads them', () => {
  assert.equal(parseMode('0644')(0o777, false), 0o644);
  assert.equal(parseMode('u=rwX,go=rX')(0o600, false), 0o644);
  assert.equal(parseMode('u=rwX,go=rX')(0o600, true), 0o755);
  assert.equal(parseMode('a+x')(0o644, false), 0o755);
  assert.equal(parseMode('go-rwx')(0o777, false), 0o700);
  assert.equal(parseMode('+t')(0o777, true), 0o1777);
  assert.throws(() => parseMode('u=q'), /invalid mode/);
});

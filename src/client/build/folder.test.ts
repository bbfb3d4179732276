import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FolderQuery } from './folder.ts';
import { folderSource } from './folder.ts';

function tree(files: readonly string[], links: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'gantry-walk-'));
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), file);
  }
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
  const list = async (query: Partial<FolderQuery> = {}) => {
    const paths: string[] = [];
    const { files: found } = folderSource(root, { includes: [], excludes: [], followPaths: [], ...query });
    for await (const { path } of found) paths.push(Buffer.from(path!).toString());
    return paths;
  };
  return { list, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

test('parents come first, names in the order of their bytes', async () => {
  using t = tree(['b', 'a/z', 'a/b/c', 'a.txt', 'Z']);
  assert.deepEqual(await t.list(), ['Z', 'a', 'a/b', 'a/b/c', 'a/z', 'a.txt', 'b']);
});

test('what is excluded is left out, and exceptions come back with their folders', async () => {
  using t = tree(['keep/x', 'drop/x', 'drop/keep/y', 'a.log']);
  const excludes = ['*.log', 'drop', '!drop/keep'];
  assert.deepEqual(await t.list({ excludes }), ['drop', 'drop/keep', 'drop/keep/y', 'keep', 'keep/x']);
});

test('what is included comes with the folders that lead to it, and no others', async () => {
  using t = tree(['a/b/c', 'a/d', 'e/f', 'g']);
  assert.deepEqual(await t.list({ includes: ['a/b'] }), ['a', 'a/b', 'a/b/c']);
  assert.deepEqual(await t.list({ includes: ['nothing'] }), []);
});

test('links among followed paths bring their targets, inside of the folder', async () => {
  const links = { link: 'real/file', out: '../../../etc/passwd', abs: '/x', loop: 'loop' };
  using t = tree(['real/file', 'real/other', 'x'], links);
  assert.deepEqual(await t.list({ followPaths: ['link'] }), ['link', 'real', 'real/file']);
  assert.deepEqual(await t.list({ followPaths: ['abs'] }), ['abs', 'x']);
  assert.deepEqual(await t.list({ followPaths: ['loop', 'out'] }), ['loop', 'out']);
});

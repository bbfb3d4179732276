import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { bash, fish, zsh } from './scripts.ts';
import { completionTree } from './tree.ts';

const places = await completionTree('/root/.docker');

/** What bash offers for the last of these words; the program itself is a function that lists names. */
function offers(...line: string[]): string[] {
  const script = `
    gantry() { case $1 in ps) echo web db ;; images) echo busybox:latest ;; context) echo default other ;; esac; }
    ${bash('gantry', places)}
    COMP_WORDS=(gantry "$@"); COMP_CWORD=$#; _gantry; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-c', script, 'bash', ...line], { encoding: 'utf8' });
  return output.split('\n').filter((word) => word !== '');
}

test('bash completes commands, flags and names', () => {
  assert.deepEqual(offers('conta'), ['container']);
  assert.ok(offers('').includes('run') && offers('').includes('context'));
  assert.deepEqual(offers('context', 'in'), ['inspect']);
  assert.ok(offers('run', '--net').includes('--network'));
  assert.deepEqual(offers('rm', '-f', 'w'), ['web']);
  assert.deepEqual(offers('-H', 'unix:///x', 'container', 'stop', ''), ['web', 'db']);
  assert.deepEqual(offers('context', 'use', 'o'), ['other']);
  assert.deepEqual(offers('run', '--rm', ''), ['busybox:latest']);
  assert.deepEqual(offers('run', '--name', ''), []);
  assert.deepEqual(offers('--tlsv'), ['--tlsverify']);
});

test('the scripts are ones that their shells can read', () => {
  for (const [shell, script] of [
    ['bash', bash('gantry', places)],
    ['zsh', zsh('gantry', places)],
    ['fish', fish('gantry', places)],
  ] as const) {
    assert.ok(script.includes('inspect'), shell);
    const isThere = ['/bin', '/usr/bin', '/usr/local/bin'].some((folder) => existsSync(`${folder}/${shell}`));
    if (isThere) execFileSync(shell, ['-n'], { input: script });
  }
});

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { LAUNCHER } from './rig.ts';

const SOURCES = ['main.c', 'tree.c'].map((name) => join(import.meta.dirname, '../../../native/jail', name));
const SANITIZERS = [
  '-g',
  '-std=gnu11',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
  '-Wall',
  '-Wextra',
  '-Werror',
];
let folder: string;
let checked: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-jail-'));
  checked = join(folder, 'jail-asan');
  execFileSync('cc', [...SANITIZERS, '-o', checked, ...SOURCES]);
});
after(() => rmSync(folder, { recursive: true }));

const run = (args: string[], launcher = LAUNCHER) =>
  spawnSync(launcher, args, { encoding: 'utf8', env: { SECRET: 'x', ASAN_OPTIONS: 'detect_leaks=0' } });

test('the program has seven capabilities, no new privileges, its four descriptors, an empty environment', () => {
  for (const launcher of [LAUNCHER, checked]) {
    const { stdout } = run(
      ['--', '/bin/sh', '-c', 'grep -E "^(Cap|NoNewPrivs|Groups|Seccomp:)" /proc/self/status; umask; env'],
      launcher,
    );
    // CHOWN DAC_OVERRIDE FOWNER FSETID SYS_CHROOT MKNOD SETFCAP
    const seven = '000000008804001b';
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.match(stdout, new RegExp(`${set}:\\s*${seven}`), launcher);
    for (const set of ['CapInh', 'CapAmb']) assert.match(stdout, new RegExp(`${set}:\\s*0000000000000000`));
    assert.match(stdout, /NoNewPrivs:\s*1/);
    assert.match(stdout, /Seccomp:\s*2/);
    assert.match(stdout, /Groups:\s*\n/);
    assert.match(stdout, /^0000$/m);
    assert.doesNotMatch(stdout, /SECRET/);
  }
});

test('inherited descriptors beyond the fourth are closed', () => {
  const fd = openSync('/etc', 'r');
  const stdio = ['ignore', 'pipe', 'pipe', fd, fd, fd] as const;
  const { stdout } = spawnSync(LAUNCHER, ['--', '/bin/ls', '/proc/self/fd'], { stdio: [...stdio], encoding: 'utf8' });
  closeSync(fd);
  // 4 is the one that ls reads the list with.
  assert.equal(stdout, '0\n1\n2\n3\n4\n');
});

test('its mounts are its own and gone with it', () => {
  for (const launcher of [LAUNCHER, checked]) {
    const mount = ['--chdir', folder, '--mount', 'tmpfs', 'none', '.', '6', 'size=64k'];
    const { stdout, stderr } = run([...mount, '--', '/bin/grep', folder, '/proc/self/mountinfo'], launcher);
    assert.match(stdout, /tmpfs/, stderr);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(folder));
  }
});

test('what it cannot do it says, with status 125', () => {
  for (const launcher of [LAUNCHER, checked]) {
    for (const [args, message] of [
      [[], /usage/],
      [['--mount', 'a'], /usage/],
      [['--cache'], /usage/],
      [['--what', '--'], /usage/],
      [['--chdir', '/nonexistent', '--'], /chdir/],
      [['--mount', 'none', 'a', '/nonexistent', '0', '', '--'], /mount \/nonexistent/],
      [['--', '/nonexistent'], /exec \/nonexistent/],
    ] as const) {
      const { status, stderr } = run([...args], launcher);
      assert.equal(status, 125, stderr);
      assert.match(stderr, message);
    }
    assert.equal(run(['--'], launcher).status, 0, 'nothing to execute: only tried');
  }
});

test('it dies with its parent', async () => {
  const script = `require('child_process').spawn(${JSON.stringify(LAUNCHER)}, ['--', '/bin/sleep', '1000'], { stdio: 'ignore' }).once('spawn', function () { console.log(this.pid) })`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await once(parent.stdout, 'data');
  const pid = Number(output);
  await setTimeout(100);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  for (let i = 0; i < 50 && isRunning(pid); i++) await setTimeout(20);
  assert.equal(isRunning(pid), false);
});

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

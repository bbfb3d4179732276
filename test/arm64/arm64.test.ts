import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { verdict } from '../../src/snapshot/jail/filter-verdict.ts';
import { recentSyscallNumber } from '../../src/sys/syscall-numbers.ts';

/** The native parts on arm64: made by Debian's cross compiler, run by qemu-user on this host's kernel. */
const ROOT = resolve(import.meta.dirname, '../..');
const COMPILERS = { x64: 'cc', arm64: 'aarch64-linux-gnu-gcc' } as const;
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-arm64-'));
  execFileSync('make', ['-s', '-C', join(ROOT, 'native'), `CC=${COMPILERS.arm64}`, `OUT=${folder}`, 'all']);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function emulated(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    'qemu-aarch64',
    ['-L', '/usr/aarch64-linux-gnu', join(folder, program), ...args],
    { encoding: 'utf8', timeout: 30_000 },
  );
  return { status, stdout, stderr };
}

test('every native part is made for arm64 and runs', () => {
  assert.equal(emulated('gantry-init', '--', 'sh', '-c', 'exit 7').status, 7);
  assert.equal(emulated('gantry-init', '--', 'sh', '-c', 'kill -TERM $$').status, 143);
  assert.deepEqual(emulated('gantry-mount', '--detach', '/nosuch'), { status: 0, stdout: '0\n', stderr: '' });
  const jail = emulated('gantry-jail', '--chdir', '/nosuch', '--');
  assert.equal(jail.status, 125);
  assert.match(jail.stderr, /^gantry-jail: chdir \/nosuch: No such file or directory/);
});

test('the monitor prepares containers and tells what goes wrong at their start', () => {
  const monitor = join(folder, 'monitor');
  writeFileSync(monitor, `#!/bin/sh\nexec qemu-aarch64 ${join(folder, 'gantry-monitor')} "$@"\n`);
  chmodSync(monitor, 0o755);
  const which = '--test-name-pattern=a container that is never started|a start that fails says so';
  const life = join(ROOT, 'test/integration/runtime/life.test.ts');
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-timeout=60000', which, life], {
    env: { ...environment, GANTRY_MONITOR: monitor },
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^ℹ pass [5-9]/m);
});

/** The numbers of system calls as the C library's headers have them, by name. */
function numbersOf(compiler: string): Map<string, number> {
  const preprocess = (input: string, ...flags: string[]) =>
    execFileSync(compiler, ['-E', ...flags, '-'], { input, encoding: 'utf8' });
  const header = '#include <sys/syscall.h>\n';
  const names = [...preprocess(header, '-dM').matchAll(/^#define __NR_(\w+) /gm)].map(([, name]) => name!);
  const text = preprocess(header + names.map((name) => `@${name}@ __NR_${name}\n`).join(''), '-P');
  return new Map([...text.matchAll(/^@(\w+)@ (\d+)$/gm)].map(([, name, number]) => [name!, Number(number)]));
}

test('the filter of jails judges a system call alike on both architectures', () => {
  const [x64, arm64] = [numbersOf(COMPILERS.x64), numbersOf(COMPILERS.arm64)];
  const shared = [...arm64.keys()].filter((name) => x64.has(name));
  assert.ok(shared.length > 250, `${shared.length} system calls`);
  const judge = (arch: 'x64' | 'arm64', number: number) => verdict(arch, number) >>> 16;
  const differing = shared.filter((name) => judge('x64', x64.get(name)!) !== judge('arm64', arm64.get(name)!));
  assert.deepEqual(differing, []);
});

test('numbers of recent system calls are those of the headers', () => {
  for (const [architecture, compiler] of [
    ['x86_64', COMPILERS.x64],
    ['aarch64', COMPILERS.arm64],
  ] as const) {
    let checked = 0;
    for (const [name, number] of numbersOf(compiler)) {
      const ours = recentSyscallNumber(architecture, name);
      if (ours === undefined) continue;
      assert.equal(ours, number, `${name} on ${architecture}`);
      checked++;
    }
    assert.ok(checked >= 20, `${checked} on ${architecture}`);
  }
});

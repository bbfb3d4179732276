import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { settled } from '../../harness/invariants.ts';
import { Engine, eventually } from './engine.ts';

/**
 * The package is replaced under running containers, as a package manager does it: daemon and native parts of another
 * release stand where those of the running one stood. And back.
 */
const REPOSITORY = resolve(import.meta.dirname, '../../..');
const COUNT = ['sh', '-c', 'n=0; while true; do n=$((n+1)); echo line $n; sleep 0.05; done'];

let folder: string;
let engine: Engine;
before(async () => {
  folder = mkdtempSync('/var/tmp/gantry-upgrade-');
  install('newer');
  buildNative();
  install('older');
  replaceBy('older');
  engine = await Engine.open({ installation: installation() });
});
after(async () => {
  await engine.destroy();
  rmSync(folder, { recursive: true });
});

function installation(): string {
  return join(folder, 'installed');
}

function install(version: string): void {
  const target = join(folder, version);
  for (const name of ['bin', 'src', 'build/native']) {
    cpSync(join(REPOSITORY, name), join(target, name), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(target, 'node_modules'));
  const pkg = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as object;
  writeFileSync(join(target, 'package.json'), JSON.stringify({ ...pkg, version: `0.0.0-${version}` }));
}

/** The newer release speaks another version of the protocol, and no byte of its monitor is that of the older one. */
function buildNative(): void {
  const OUT = join(folder, 'newer/build/native');
  rmSync(OUT, { recursive: true });
  mkdirSync(OUT);
  execFileSync('make', ['-s', '-C', join(REPOSITORY, 'native'), `OUT=${OUT}`, 'CFLAGS=-O1 -DPROTOCOL_VERSION=2'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** In place: files that run are overwritten where the kernel lets one. */
function replaceBy(version: string): void {
  const target = installation();
  rmSync(join(target, 'node_modules'), { force: true });
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(join(folder, version))) {
    if (name !== 'node_modules') cpSync(join(folder, version, name), join(target, name), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(target, 'node_modules'));
}

async function upgradeTo(version: string): Promise<void> {
  replaceBy(version);
  await engine.daemon.stop();
  await engine.daemon.start({ installation: installation() });
  const { Version } = (await engine.expect(200, 'GET', '/version')) as { Version: string };
  assert.ok(JSON.stringify(await engine.expect(200, 'GET', '/version')).includes(`0.0.0-${version}`), Version);
}

const program = (id: string) => readlinkSync(`/proc/${engine.monitorOf(id)}/exe`);

/** A container of another release is all that one of this release is. */
async function assertWhole(name: string, Pid: number): Promise<void> {
  assert.equal((await engine.state(name)).Pid, Pid);
  assert.equal(await engine.exec(name, 'echo from an exec'), 'from an exec\n');
  const seen = (await engine.logs(name)).trim().split('\n').length;
  await eventually('it logs on', async () => (await engine.logs(name)).trim().split('\n').length > seen);
  const lines = (await engine.logs(name)).trim().split('\n');
  assert.deepEqual(
    lines,
    lines.map((_, i) => `line ${i + 1}`),
  );
  assert.match(await attached(name), /line \d+\n/);
  await engine.expect(204, 'POST', `/containers/${name}/pause`);
  await engine.expect(204, 'POST', `/containers/${name}/unpause`);
}

/** The first output of an attached stream. */
function attached(name: string): Promise<string> {
  return new Promise((tell, reject) => {
    const socket = connect(engine.daemon.socket);
    let text = '';
    socket.write(
      `POST /v1.50/containers/${name}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!/line \d+\n/.test(text)) return;
      tell(text);
      socket.destroy();
    });
  });
}

test('containers run on under a newer daemon and a newer monitor, and under the older ones again', async () => {
  const first = await engine.run('first', COUNT);
  const { Pid } = await engine.state('first');
  const older = program(first);
  await upgradeTo('newer');
  await assertWhole('first', Pid);
  assert.equal(program(first), older);
  const second = await engine.run('second', COUNT);
  const newer = program(second);
  assert.notEqual(newer, older);
  const { Pid: secondPid } = await engine.state('second');
  await upgradeTo('older');
  await assertWhole('first', Pid);
  await assertWhole('second', secondPid);
  assert.deepEqual([program(first), program(second)], [older, newer]);
  for (const name of ['first', 'second']) {
    await engine.expect(204, 'POST', `/containers/${name}/restart?t=0`);
    await engine.expect(204, 'POST', `/containers/${name}/stop?t=0`);
    await engine.remove(name);
  }
  assert.deepEqual(await settled(engine.daemon, []), []);
});

test('copies of monitors that nobody runs any more are removed', async () => {
  await upgradeTo('newer');
  const copies = readdirSync(join(engine.daemon.dataRoot, 'bin'));
  assert.equal(copies.length, 1, copies.join());
  assert.match(copies[0]!, /^gantry-monitor-[0-9a-f]{16}$/);
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect, Machine, payload, until } from './machine.ts';

const OUT = { stdin: false, stdout: true, stderr: true };

let machine: Machine;
before(async () => {
  machine = await Machine.open();
});
after(() => machine[Symbol.asyncDispose]());

test('containers go on without the daemon, and the next one takes them up', async () => {
  await machine.prepare('on', { stdin: true });
  const started = await machine.start('on', 'i=0; while read x; do echo $x; done; exit 3');
  await machine.prepare('ends');
  await machine.start('ends', 'sleep 0.3; echo last; exit 8');
  await machine.prepare('never');
  await machine.crash();
  await until(() => existsSync(`${machine.execRoot}/monitors/ends/exit.json`));

  await machine.boot();
  const observed = new Map((await machine.runtime.observe()).map((one) => [one.id, one]));
  assert.deepEqual(observed.get('on')!.started, started);
  assert.equal(observed.get('on')!.monitorAlive, true);
  assert.equal(observed.get('on')!.exit, undefined);
  assert.equal(observed.get('ends')!.exit!.exitCode, 8);
  assert.equal(observed.get('never')!.monitorAlive, false);
  assert.equal(observed.get('never')!.started, undefined);
  assert.equal(machine.text('ends'), 'last\n');

  const stream = await machine.runtime.attach('on', { stdin: true, stdout: true, stderr: true });
  stream.end('again\n');
  assert.equal(String(payload(await collect(stream), 1)), 'again\n');
  assert.equal((await machine.exit('on')).exitCode, 3);
});

test('exec works after a restart; an exit of one in between is told', async () => {
  const process = (script: string) => ({
    args: ['sh', '-c', script],
    cwd: '/',
    env: ['PATH=/bin'],
    user: { uid: 0, gid: 0 },
  });
  await machine.prepare('exr');
  await machine.start('exr', 'sleep 100');
  const exec = { stdin: false, stdout: true, stderr: true };
  await machine.runtime.exec('exr', { execId: 'r1', process: process('sleep 0.2; exit 5'), ...exec });
  await machine.crash();
  await until(() => existsSync(`${machine.execRoot}/monitors/exr/exec-r1.json`));
  await machine.boot();
  await machine.runtime.observe();
  assert.equal(machine.execExits.get('r1'), 5);
  const stream = await machine.runtime.attachExec('exr', 'r2', OUT);
  await machine.runtime.exec('exr', { execId: 'r2', process: process('echo hi'), ...exec });
  assert.equal(String(payload(await collect(stream), 1)), 'hi\n');
  await machine.runtime.killAll('exr');
  await machine.exit('exr');
});

test('a killed monitor takes its container along, and that is told', async () => {
  await machine.prepare('lost');
  const { pid } = await machine.start('lost', 'sleep 100');
  process.kill(machine.monitorPid('lost'), 'SIGKILL');
  const record = await machine.exit('lost');
  assert.deepEqual([record.exitCode, record.signal], [137, 9]);
  await machine.runtime.discard('lost');
  assert.equal(existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' S '), false);
});

test('a monitor killed while no daemon ran: the next one ends the container', async () => {
  await machine.prepare('lost2');
  await machine.start('lost2', 'sleep 100');
  await machine.crash();
  process.kill(machine.monitorPid('lost2'), 'SIGKILL');
  await sleep(50);
  await machine.boot();
  const observed = (await machine.runtime.observe()).find(({ id }) => id === 'lost2')!;
  assert.equal(observed.monitorAlive, false);
  assert.equal(observed.exit!.exitCode, 137);
});

test('a stopped monitor hangs nobody: signals, observation and removal go on', async () => {
  await machine.prepare('hung');
  const started = await machine.start('hung', 'sleep 100');
  const monitor = machine.monitorPid('hung');
  process.kill(monitor, 'SIGSTOP');
  await machine.crash();
  await machine.boot();
  const before = performance.now();
  const observed = (await machine.runtime.observe()).find(({ id }) => id === 'hung')!;
  assert.ok(performance.now() - before < 2_000);
  assert.equal(observed.monitorAlive, true);
  assert.deepEqual(observed.started, started);
  await machine.runtime.killAll('hung');
  await machine.runtime.discard('hung');
  assert.ok(performance.now() - before < 8_000);
  assert.equal(existsSync(`${machine.execRoot}/monitors/hung`), false);
});

test('a stopped monitor that goes on tells what it missed', async () => {
  await machine.prepare('slept');
  await machine.start('slept', 'sleep 0.1; exit 4');
  const monitor = machine.monitorPid('slept');
  process.kill(monitor, 'SIGSTOP');
  await sleep(200);
  process.kill(monitor, 'SIGCONT');
  assert.equal((await machine.exit('slept')).exitCode, 4);
});

test('a spawner that dies is replaced', async () => {
  await sleep(1_000);
  const spawner = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--spawner'));
  process.kill(Number(spawner), 'SIGKILL');
  await sleep(50);
  assert.equal((await machine.run('anew', 'exit 2')).exitCode, 2);
});

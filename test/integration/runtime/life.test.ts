import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStartTime } from '#sys';
import { Machine } from './machine.ts';

let machine: Machine;
before(async () => {
  machine = await Machine.open();
});
after(() => machine[Symbol.asyncDispose]());

test('a container runs and its exit is seen', async () => {
  const record = await machine.run('life1', 'echo out; echo err >&2; exit 7');
  assert.equal(record.exitCode, 7);
  assert.equal(record.signal, undefined);
  assert.equal(record.oomKilled, false);
  assert.match(record.finishedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
  assert.equal(machine.text('life1'), 'out\n');
  assert.equal(machine.text('life1', 'stderr'), 'err\n');
});

test('death by signal is 128 + n', async () => {
  await machine.prepare('life2');
  await machine.start('life2', 'sleep 100');
  machine.runtime.signal('life2', 9);
  const record = await machine.exit('life2');
  assert.deepEqual([record.exitCode, record.signal], [137, 9]);
});

test('discard leaves nothing', async () => {
  await machine.run('life3', 'true');
  await machine.runtime.discard('life3');
  await machine.runtime.discard('life3');
  assert.equal(existsSync(`${machine.execRoot}/monitors/life3`), false);
  assert.equal(existsSync(`${machine.execRoot}/crun/life3`), false);
});

test('a container that is never started goes without a trace', async () => {
  const { pid } = await machine.prepare('life4');
  assert.ok(existsSync(`/proc/${pid}`));
  await machine.runtime.discard('life4');
  assert.equal(existsSync(`/proc/${pid}`), false);
  assert.equal(existsSync(`${machine.execRoot}/monitors/life4`), false);
});

test('the same container starts again after a discard', async () => {
  await machine.run('life5', 'exit 1');
  await machine.runtime.discard('life5');
  assert.equal((await machine.run('life5', 'exit 2')).exitCode, 2);
});

test('the container’s surroundings are clean', async () => {
  const script = `grep -E 'SigIgn|SigBlk' /proc/self/status; ls /proc/self/fd; cat /proc/self/oom_score_adj`;
  await machine.run('life6', script);
  const text = machine.text('life6');
  assert.match(text, /SigBlk:\s+0000000000000000/);
  assert.match(text, /SigIgn:\s+0000000000000000/);
  assert.match(text, /\n0\n1\n2\n3\n0\n$/);
});

const PREFIX =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';
for (const [program, text] of [
  ['nosuch', 'exec: "nosuch": executable file not found in $PATH'],
  ['/no/such', 'exec: "/no/such": stat /no/such: no such file or directory'],
  ['/etc', 'exec: "/etc": is a directory: permission denied'],
  ['/etc/passwd', 'exec: "/etc/passwd": permission denied'],
] as const) {
  test(`a start that fails says so as Docker does: ${program}`, async () => {
    await machine.prepare('fail');
    await assert.rejects(machine.start('fail', '', { args: [program] }), { message: PREFIX + text });
    await machine.runtime.discard('fail');
    assert.equal(machine.text('fail', 'stderr'), '');
  });
}

test('signals reach the first process', async () => {
  await machine.prepare('sig');
  await machine.start('sig', 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done');
  while (machine.text('sig') === '') await sleep(5);
  machine.runtime.signal('sig', 15);
  assert.equal((await machine.exit('sig')).exitCode, 5);
  assert.throws(() => machine.runtime.signal('sig', 15), { message: 'container sig is not running' });
});

test('a paused container can be killed', async () => {
  await machine.prepare('pause');
  await machine.start('pause', 'sleep 100');
  await machine.runtime.pause('pause');
  await machine.runtime.killAll('pause');
  assert.equal((await machine.exit('pause')).exitCode, 137);
});

test('processes that share pids die with the first one', async () => {
  await machine.prepare('pids', { hostConfig: { PidMode: 'host' } });
  await machine.start('pids', 'sleep 1000 >/dev/null 2>&1 & echo $!', { hostConfig: { PidMode: 'host' } });
  await machine.exit('pids');
  const pid = machine.text('pids').trim();
  await machine.runtime.discard('pids');
  assert.equal(processStartTime(Number(pid)), undefined);
});

test('a child that keeps the pipe does not hold up the exit', async () => {
  const started = performance.now();
  await machine.run('grace', 'sleep 30 & echo done', { hostConfig: { PidMode: 'host' } });
  assert.equal(machine.text('grace'), 'done\n');
  assert.ok(performance.now() - started < 4_000);
});

test('an exec root with a long path works', async () => {
  await using far = await Machine.open(`gantry-${'x'.repeat(80)}-`);
  assert.equal((await far.run('f'.repeat(64), 'exit 3')).exitCode, 3);
});

test('the kernel’s kill for memory is seen', async () => {
  const hostConfig = { Memory: 16 * 1024 * 1024, MemorySwap: 16 * 1024 * 1024 };
  const record = await machine.run('oom', 'head -c 100m /dev/zero | tail', { hostConfig });
  assert.equal(record.oomKilled, true);
  assert.ok(machine.ooms.includes('oom'));
});

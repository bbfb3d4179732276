import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect, Machine, payload, until } from './machine.ts';

const OUT = { stdin: false, stdout: true, stderr: true };
const ALL = { ...OUT, stdin: true };

let machine: Machine;
before(async () => {
  machine = await Machine.open();
});
after(() => machine[Symbol.asyncDispose]());

const shell = (script: string, { terminal = false, env = [] as string[] } = {}) => ({
  args: ['sh', '-c', script],
  terminal,
  cwd: '/',
  env: ['PATH=/bin', ...env],
  user: { uid: 0, gid: 0 },
});

/** The runtimes that wait for the process of an exec. */
function waiting(): number[] {
  const isWaiting = (pid: string) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.includes('exec') && words.some((word) => word.startsWith(`${machine.execRoot}/monitors/`));
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter(isWaiting).map(Number);
}

const files = (id: string) =>
  readdirSync(`${machine.execRoot}/monitors/${id}`).filter((name) => name.startsWith('exec-'));

async function running(id: string): Promise<void> {
  await machine.prepare(id);
  await machine.start(id, 'sleep 100');
}

async function end(id: string): Promise<void> {
  await machine.runtime.killAll(id);
  await machine.exit(id);
}

async function outputOf(id: string, execId: string, process: ReturnType<typeof shell>): Promise<string> {
  const stream = await machine.runtime.attachExec(id, execId, OUT);
  await machine.runtime.exec(id, { execId, process, ...OUT });
  const bytes = await collect(stream);
  await until(() => machine.execExits.has(execId));
  return process.terminal ? String(bytes) : String(payload(bytes, 1));
}

test('a runtime that waits takes the process it is given, a terminal’s and one with a large environment too', async () => {
  await running('given');
  for (const [execId, large] of Object.entries({ p1: '', p2: 'x'.repeat(100_000) })) {
    machine.runtime.prepareExec('given', { execId, tty: false, stdin: true });
    await until(() => waiting().length === 1);
    const stream = await machine.runtime.attachExec('given', execId, ALL);
    const process = shell('cat; printf "$LARGE" | wc -c; cat /proc/self/cgroup; exit 7', { env: [`LARGE=${large}`] });
    await machine.runtime.exec('given', { execId, process, ...ALL });
    stream.end('input\n');
    const [first, count, ...cgroup] = String(payload(await collect(stream), 1)).split('\n');
    assert.deepEqual([first, count?.trim()], ['input', String(large.length)]);
    assert.ok(cgroup.some((line) => line.includes('/given')));
    await until(() => machine.execExits.has(execId));
    assert.equal(machine.execExits.get(execId), 7);
  }
  machine.runtime.prepareExec('given', { execId: 'p3', tty: true, stdin: false });
  assert.match(await outputOf('given', 'p3', shell('tty', { terminal: true })), /^\/dev\/pts\/\d+\r\n$/);
  const missing = { ...shell(''), args: ['nosuch'] };
  machine.runtime.prepareExec('given', { execId: 'p4', tty: false, stdin: false });
  await assert.rejects(
    machine.runtime.exec('given', { execId: 'p4', process: missing, ...OUT }),
    /"nosuch": executable/,
  );
  await until(() => files('given').length === 0);
  await end('given');
});

test('one that nobody starts goes soon, with all that it had; started after that it is begun anew', async () => {
  await running('late');
  machine.runtime.prepareExec('late', { execId: 'l1', tty: false, stdin: false });
  await until(() => waiting().length === 1);
  await until(() => waiting().length === 0 && files('late').length === 0);
  assert.equal(await outputOf('late', 'l1', shell('echo late')), 'late\n');
  await end('late');
});

test('one whose runtime has died is begun anew', async () => {
  await running('died');
  machine.runtime.prepareExec('died', { execId: 'd1', tty: false, stdin: false });
  await until(() => waiting().length === 1);
  process.kill(waiting()[0]!, 'SIGKILL');
  await until(() => waiting().length === 0);
  assert.equal(await outputOf('died', 'd1', shell('echo again')), 'again\n');
  await end('died');
});

test('none outlives its container, or the daemon that asked for it', async () => {
  await running('over');
  machine.runtime.prepareExec('over', { execId: 'o1', tty: false, stdin: false });
  await until(() => waiting().length === 1);
  await end('over');
  await until(() => waiting().length === 0);
  await assert.rejects(machine.runtime.exec('over', { execId: 'o1', process: shell('true'), ...OUT }), /not running/);

  await running('alone');
  machine.runtime.prepareExec('alone', { execId: 'a1', tty: false, stdin: false });
  await until(() => waiting().length === 1);
  await machine.crash();
  await until(() => waiting().length === 0 && files('alone').length === 0);
  await machine.boot();
  await machine.runtime.observe();
  assert.equal(await outputOf('alone', 'a1', shell('echo back')), 'back\n');
  await end('alone');
});

test('a terminal whose process has ended before the monitor looks has its output', async () => {
  await running('slow');
  const monitor = machine.monitorPid('slow');
  const stream = await machine.runtime.attachExec('slow', 's1', OUT);
  const children = () => readFileSync(`/proc/${monitor}/task/${monitor}/children`, 'utf8').trim().split(' ').length;
  const started = machine.runtime.exec('slow', {
    execId: 's1',
    process: shell('echo out', { terminal: true }),
    ...OUT,
  });
  setImmediate(() => {
    for (const end = Date.now() + 2_000; children() < 2 && Date.now() < end; );
    process.kill(monitor, 'SIGSTOP');
  });
  await sleep(300);
  process.kill(monitor, 'SIGCONT');
  await started;
  assert.equal(String(await collect(stream)), 'out\r\n');
  await end('slow');
});

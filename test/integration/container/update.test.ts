import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { detectCgroups } from '../../../src/sys/cgroup.ts';
import type { Inspected } from './engine.ts';
import { Engine } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.daemon.destroy());

const { version } = detectCgroups();

const update = (name: string, body: object, status = 200) =>
  engine.expect(status, 'POST', `/containers/${name}/update`, body);

test('limits of a running container change at once, and are there again after the next start', async (t) => {
  if (version !== 1) return t.skip('reads the files of cgroup v1');
  await engine.run('live', ['sleep', '1000'], { Memory: 64 << 20, PidsLimit: 30 });
  await update('live', { Memory: 128 << 20, MemorySwap: 256 << 20, CpuQuota: 50_000, CpuShares: 300 });
  await update('live', { PidsLimit: 40, CpusetCpus: '0', CpusetMems: '0', MemoryReservation: 32 << 20 });
  const files = [
    ['memory', 'memory.limit_in_bytes', String(128 << 20)],
    ['memory', 'memory.memsw.limit_in_bytes', String(256 << 20)],
    ['memory', 'memory.soft_limit_in_bytes', String(32 << 20)],
    ['cpu', 'cpu.cfs_quota_us', '50000'],
    ['cpu', 'cpu.shares', '300'],
    ['cpuset', 'cpuset.cpus', '0'],
    ['pids', 'pids.max', '40'],
  ] as const;
  for (const [controller, file, value] of files)
    assert.equal(await engine.limit('live', controller, file), value, file);
  await engine.expect(204, 'POST', '/containers/live/restart?t=0');
  for (const [controller, file, value] of files)
    assert.equal(await engine.limit('live', controller, file), value, file);
  await update('live', { Memory: 32 << 20, MemorySwap: -1, CpuQuota: -1, PidsLimit: -1 });
  assert.equal(await engine.limit('live', 'memory', 'memory.limit_in_bytes'), String(32 << 20));
  assert.ok(Number(await engine.limit('live', 'memory', 'memory.memsw.limit_in_bytes')) > 2 ** 60);
  assert.equal(await engine.limit('live', 'cpu', 'cpu.cfs_quota_us'), '-1');
  assert.equal(await engine.limit('live', 'pids', 'pids.max'), 'max');
  assert.equal(await shownPidsLimit('live'), 0);
});

test('0 processes, as the docker CLI says without its flag, are the default number, -1 no limit', async (t) => {
  if (version !== 1) return t.skip('reads the files of cgroup v1');
  await engine.run('by-default', ['sleep', '1000'], { PidsLimit: 0 });
  await engine.run('unlimited', ['sleep', '1000'], { PidsLimit: -1 });
  assert.equal(await engine.limit('by-default', 'pids', 'pids.max'), '4096');
  assert.equal(await engine.limit('unlimited', 'pids', 'pids.max'), 'max');
  for (const name of ['by-default', 'unlimited']) assert.equal(await shownPidsLimit(name), null);
});

async function shownPidsLimit(name: string): Promise<number | null> {
  const { HostConfig } = (await engine.expect(200, 'GET', `/containers/${name}/json`)) as Inspected;
  return HostConfig.PidsLimit;
}

test('what the kernel refuses leaves everything as it was', async (t) => {
  if (version !== 1) return t.skip('reads the files of cgroup v1');
  await engine.run('refused', ['sleep', '1000'], { Memory: 64 << 20 });
  const { message } = (await update('refused', { MemorySwap: 5, Memory: 32 << 20, CpuQuota: 50_000 }, 400)) as {
    message: string;
  };
  assert.match(message, /Minimum memoryswap limit/);
  const told = (await update('refused', { MemorySwap: 7 << 20, CpuQuota: 50_000 }, 500)) as { message: string };
  assert.match(told.message, /^Cannot update container \w{64}: failed to write "7340032": write .*: invalid argument$/);
  assert.equal(await engine.limit('refused', 'memory', 'memory.limit_in_bytes'), String(64 << 20));
  assert.equal(await engine.limit('refused', 'cpu', 'cpu.cfs_quota_us'), '-1');
  const { HostConfig } = (await engine.expect(200, 'GET', '/containers/refused/json')) as {
    HostConfig: { MemorySwap: number; CpuQuota: number };
  };
  assert.deepEqual([HostConfig.MemorySwap, HostConfig.CpuQuota], [128 << 20, 0]);
});

test('an update of a created container is in force at its start, although that was prepared before', async (t) => {
  if (version !== 1) return t.skip('reads the files of cgroup v1');
  await engine.create('prepared', ['sleep', '1000']);
  await new Promise((wake) => setTimeout(wake, 300));
  await update('prepared', { PidsLimit: 17 });
  await engine.expect(204, 'POST', '/containers/prepared/start');
  assert.equal(await engine.limit('prepared', 'pids', 'pids.max'), '17');
});

test('a restart policy that was given later brings the container back', async () => {
  const id = await engine.run('policy', ['sleep', '1000']);
  await update('policy', { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 } });
  const { Pid } = await engine.state('policy');
  process.kill(Pid, 'SIGKILL');
  for (let waited = 0; (await engine.state('policy')).Pid === Pid || !(await engine.state('policy')).Pid; waited++) {
    assert.ok(waited < 100, 'it does not come back');
    await new Promise((wake) => setTimeout(wake, 50));
  }
  assert.ok((await engine.events(id)).includes('update'));
});

test('top lists the processes of the container and of its execs, and nothing else', async () => {
  const id = await engine.run('topped', ['sh', '-c', 'sleep 1000 & sleep 2000; true']);
  const { Id } = (await engine.expect(201, 'POST', '/containers/topped/exec', { Cmd: ['sleep', '3000'] })) as {
    Id: string;
  };
  await engine.expect(200, 'POST', `/exec/${Id}/start`, { Detach: true });
  const { Titles, Processes } = (await engine.expect(200, 'GET', '/containers/topped/top?ps_args=-o+pid,args')) as {
    Titles: string[];
    Processes: string[][];
  };
  assert.deepEqual(Titles, ['PID', 'COMMAND']);
  const commands = Processes.map((row) => row[1]!);
  assert.deepEqual(commands.toSorted(), [
    'sh -c sleep 1000 & sleep 2000; true',
    'sleep 1000',
    'sleep 2000',
    'sleep 3000',
  ]);
  assert.ok((await engine.events(id)).includes('top'));
});

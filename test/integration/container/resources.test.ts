import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { detectCgroups } from '../../../src/sys/cgroup.ts';
import { Engine } from './engine.ts';

const { version } = detectCgroups();
const v1 = { skip: version === 1 ? false : 'reads the files of cgroup v1' };

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.daemon.destroy());

test('every limit of a create request is in force', v1, async () => {
  await engine.run('limited', ['sleep', '1000'], {
    Memory: 64 << 20,
    MemorySwap: 96 << 20,
    MemoryReservation: 32 << 20,
    MemorySwappiness: 33,
    OomKillDisable: true,
    CpuShares: 300,
    CpuPeriod: 50_000,
    CpuQuota: 25_000,
    CpusetCpus: '0',
    CpusetMems: '0',
    PidsLimit: 77,
  });
  const files = [
    ['memory', 'memory.limit_in_bytes', String(64 << 20)],
    ['memory', 'memory.memsw.limit_in_bytes', String(96 << 20)],
    ['memory', 'memory.soft_limit_in_bytes', String(32 << 20)],
    ['memory', 'memory.swappiness', '33'],
    ['cpu', 'cpu.shares', '300'],
    ['cpu', 'cpu.cfs_period_us', '50000'],
    ['cpu', 'cpu.cfs_quota_us', '25000'],
    ['cpuset', 'cpuset.cpus', '0'],
    ['cpuset', 'cpuset.mems', '0'],
    ['pids', 'pids.max', '77'],
  ] as const;
  for (const [controller, file, value] of files)
    assert.equal(await engine.limit('limited', controller, file), value, file);
  assert.match(await engine.limit('limited', 'memory', 'memory.oom_control'), /^oom_kill_disable 1$/m);
});

/** A disk of this host, as its numbers; undefined when there is none by these names. */
function disk(): { path: string; numbers: string } | undefined {
  for (const path of ['/dev/vda', '/dev/sda', '/dev/nvme0n1']) {
    const node = statSync(path, { throwIfNoEntry: false });
    if (node?.isBlockDevice()) return { path, numbers: `${node.rdev >> 8}:${node.rdev & 0xff}` };
  }
  return undefined;
}

test('disks are throttled by their numbers, and what is no disk is the error of the start', v1, async (t) => {
  const found = disk();
  if (!found) return t.skip('no disk is found here');
  const rate = (Rate: number) => [{ Path: found.path, Rate }];
  await engine.run('throttled', ['sleep', '1000'], {
    BlkioDeviceReadBps: rate(1 << 20),
    BlkioDeviceWriteBps: rate(2 << 20),
    BlkioDeviceReadIOps: rate(30),
    BlkioDeviceWriteIOps: rate(40),
  });
  const expected = { read_bps: 1 << 20, write_bps: 2 << 20, read_iops: 30, write_iops: 40 };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(
      await engine.limit('throttled', 'blkio', `blkio.throttle.${name}_device`),
      `${found.numbers} ${value}`,
    );
  }
  await engine.create('no-disk', ['true'], { BlkioDeviceReadBps: [{ Path: '/dev/nosuch', Rate: 1 }] });
  const { message } = (await engine.expect(500, 'POST', '/containers/no-disk/start')) as { message: string };
  assert.equal(message, 'stat /dev/nosuch: no such file or directory');
});

test('device rules and ulimits hold inside', v1, async () => {
  await engine.run('ruled', ['sh', '-c', 'ulimit -n; mknod /tmp/full c 1 7; echo x > /tmp/full; sleep 1000'], {
    DeviceCgroupRules: ['c 10:200 rw'],
    Ulimits: [{ Name: 'nofile', Soft: 123, Hard: 456 }],
  });
  const { Pid } = await engine.state('ruled');
  assert.match(readFileSync(`/proc/${Pid}/limits`, 'utf8'), /^Max open files +123 +456 /m);
  assert.match(await engine.limit('ruled', 'devices', 'devices.list'), /^c 10:200 rw$/m);
  await engine.create('bad-rule', ['true'], { DeviceCgroupRules: ['x'] });
  const { message } = (await engine.expect(500, 'POST', '/containers/bad-rule/start')) as { message: string };
  assert.equal(message, "invalid device cgroup rule format: 'x'");
});

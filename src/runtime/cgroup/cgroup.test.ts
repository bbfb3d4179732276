import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OciResources } from '#oci';
import { cgroupDriver, cgroupPath, cgroupsPathValue, validateCgroupParent } from './place.ts';
import { renderV1 } from './render-v1.ts';
import { renderV2 } from './render-v2.ts';
import { ownerOf } from './sweep.ts';

const ID = 'ab'.repeat(32);
const name = (given = {}) => ({ id: ID, suffix: '', parent: '', ...given });

test('paths by driver and parent', () => {
  assert.equal(cgroupPath(name(), 'cgroupfs'), `/gantry/${ID}`);
  assert.equal(cgroupPath(name({ suffix: '-12ab34' }), 'cgroupfs'), `/gantry-12ab34/${ID}`);
  assert.equal(cgroupPath(name({ parent: 'a/b' }), 'cgroupfs'), `/a/b/gantry-${ID}`);
  assert.equal(cgroupPath(name({ parent: '../../x' }), 'cgroupfs'), `/x/gantry-${ID}`);
  assert.equal(cgroupPath(name(), 'systemd'), `/system.slice/gantry-${ID}.scope`);
  assert.equal(cgroupPath(name({ parent: 'a-b.slice' }), 'systemd'), `/a.slice/a-b.slice/gantry-${ID}.scope`);
  assert.equal(cgroupsPathValue(name({ suffix: '-x' }), 'systemd'), `system.slice:gantry-x:${ID}`);
});

test('every path names its owner again, to its own engine only', () => {
  for (const parent of ['', '/a/b']) {
    const path = cgroupPath(name({ parent, suffix: '-12ab34' }), 'cgroupfs');
    assert.equal(ownerOf(path, '-12ab34'), ID);
    assert.equal(ownerOf(path, ''), undefined);
    assert.equal(ownerOf(`${path}/child`, '-12ab34'), undefined);
  }
  assert.equal(ownerOf(cgroupPath(name(), 'systemd'), ''), ID);
  assert.equal(ownerOf(cgroupPath(name({ suffix: '-12ab34' }), 'systemd'), ''), undefined);
});

test('systemd drives v2 where it runs, unless told otherwise', () => {
  const layout = { version: 2 as const, hierarchies: [], controllers: [], unified: '/', systemd: true };
  assert.equal(cgroupDriver(layout, ''), 'systemd');
  assert.equal(cgroupDriver(layout, 'cgroupfs'), 'cgroupfs');
  assert.equal(cgroupDriver({ ...layout, version: 1 }, ''), 'cgroupfs');
  assert.throws(() => validateCgroupParent('/x', 'systemd'), {
    message: 'cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"',
  });
});

test('limits become writes in an order the kernel takes', () => {
  const writes = renderV1({
    memory: { limit: 10, swap: 20, reservation: 5, swappiness: 0, disableOOMKiller: true },
    cpu: { shares: 2, period: 1000, quota: -1, cpus: '0', mems: '0' },
    pids: { limit: 0 },
    blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 99 }] },
    devices: [
      { allow: false, access: 'rwm' },
      { allow: true, type: 'c', major: 136, access: 'rw' },
    ],
  });
  assert.deepEqual(
    writes.map(({ file, data }) => `${file}=${data}`),
    [
      'memory.limit_in_bytes=10',
      'memory.memsw.limit_in_bytes=20',
      'memory.soft_limit_in_bytes=5',
      'memory.swappiness=0',
      'memory.oom_control=1',
      'cpu.shares=2',
      'cpu.cfs_period_us=1000',
      'cpu.cfs_quota_us=-1',
      'cpuset.cpus=0',
      'cpuset.mems=0',
      'pids.max=max',
      'blkio.throttle.read_bps_device=8:0 99',
      'devices.deny=a',
      'devices.allow=c 136:* rw',
    ],
  );
});

test('an update tries swap before memory and after it', () => {
  const writes = renderV1({ memory: { limit: 30, swap: 60 } }, { update: true });
  assert.deepEqual(
    writes.map(({ file, optional }) => `${file}${optional ? '?' : ''}`),
    ['memory.memsw.limit_in_bytes?', 'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'],
  );
});

test('v2 files of what an update can change', () => {
  const files = (resources: OciResources) => renderV2(resources).map(({ file, data }) => `${file}=${data}`);
  assert.deepEqual(files({ memory: { limit: 100, swap: 300, reservation: 50 }, pids: { limit: 7 } }), [
    'memory.max=100',
    'memory.swap.max=200',
    'memory.low=50',
    'pids.max=7',
  ]);
  assert.deepEqual(files({ memory: { limit: 100, swap: -1 }, pids: { limit: -1 } }), [
    'memory.max=100',
    'memory.swap.max=max',
    'pids.max=max',
  ]);
  assert.deepEqual(files({ cpu: { shares: 1024, quota: 50_000, period: 200_000, cpus: '0', mems: '0' } }), [
    'cpu.weight=39',
    'cpu.max=50000 200000',
    'cpuset.cpus=0',
    'cpuset.mems=0',
  ]);
  assert.deepEqual(files({ cpu: { quota: -1 } }), ['cpu.max=max 100000']);
  assert.deepEqual(files({ cpu: { period: 50_000 } }), ['cpu.max=max 50000']);
  assert.deepEqual(files({ blockIO: { weight: 500 } }), ['io.bfq.weight=500', 'io.weight=default 4950']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCgroups } from './cgroup.ts';

const mount = (path: string, type: string, options: string) =>
  `30 20 0:25 / ${path} rw shared:9 - ${type} cg ${options}`;
const parse = (mounts: string[], selfCgroup: string) =>
  parseCgroups({
    mountinfo: mounts.join('\n'),
    selfCgroup,
    unifiedControllers: () => 'cpuset cpu memory pids\n',
    systemd: true,
  });

test('a hybrid host is v1', () => {
  const layout = parse(
    [
      mount('/other/memory', 'cgroup', 'rw,memory'),
      mount('/sys/fs/cgroup/unified', 'cgroup2', 'rw'),
      mount('/sys/fs/cgroup/memory', 'cgroup', 'rw,memory'),
      mount('/sys/fs/cgroup/cpu\\054cpuacct', 'cgroup', 'rw,cpu,cpuacct'),
      mount('/sys/fs/cgroup/systemd', 'cgroup', 'rw,xattr,name=systemd'),
    ],
    '4:memory:/a\n3:cpu,cpuacct:/\n2:pids:/\n1:name=systemd:/\n0::/x\n',
  );
  assert.equal(layout.version, 1);
  assert.deepEqual(layout.hierarchies, [
    { name: 'memory', controllers: ['memory'], mountpoint: '/sys/fs/cgroup/memory' },
    { name: 'cpu,cpuacct', controllers: ['cpu', 'cpuacct'], mountpoint: '/sys/fs/cgroup/cpu,cpuacct' },
    { name: 'name=systemd', controllers: ['name=systemd'], mountpoint: '/sys/fs/cgroup/systemd' },
  ]);
  assert.equal(layout.unified, '/sys/fs/cgroup/unified');
});

test('a unified host is v2, with the controllers of its root', () => {
  const layout = parse([mount('/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate')], '0::/system.slice/gantry.service\n');
  assert.equal(layout.version, 2);
  assert.deepEqual(layout.controllers, ['cpuset', 'cpu', 'memory', 'pids']);
  assert.equal(layout.unified, '/sys/fs/cgroup');
});

test('a host without cgroups is refused', () => {
  assert.throws(() => parse([], '0::/\n'), /no cgroup file system is mounted/);
});

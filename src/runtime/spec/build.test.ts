import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildSpec } from './build.ts';
import type { DeviceNode, SpecInput } from './input.ts';
import { containerConfig, hostConfig, specInput, V2_HOST } from './testing.ts';

const node = (path: string, minor: number): DeviceNode => ({
  path,
  type: 'c',
  major: 10,
  minor,
  mode: 0o660,
  uid: 0,
  gid: 44,
});
const devices = (path: string) => {
  if (path === '/dev/fuse') return [node(path, 229)];
  if (path === '/dev/input') return [node('/dev/input/a', 1), node('/dev/input/b', 2)];
  if (path === '/dev') return [node('/dev/fuse', 229), node('/dev/null', 3), node('/dev/pts/0', 0)];
  throw Object.assign(new Error('gone'), { code: 'ENOENT' });
};

/** Compares with testdata/<name>.json; UPDATE_GOLDEN=1 writes it. The profile itself has a test of its own. */
function golden(name: string, input: Partial<SpecInput>) {
  const { spec, cgroup } = buildSpec(specInput(input));
  const { seccomp, ...linux } = spec.linux;
  const actual = { spec: { ...spec, linux: { ...linux, seccomp: seccomp?.defaultAction } }, cgroup };
  const file = new URL(`testdata/${name}.json`, import.meta.url);
  const plain = JSON.parse(JSON.stringify(actual));
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, `${JSON.stringify(plain, null, 2)}\n`);
  assert.deepEqual(plain, JSON.parse(readFileSync(file, 'utf8')));
}

test('a plain container on cgroup v1', () => golden('plain-v1', {}));

test('a plain container on cgroup v2 under systemd', () => golden('plain-v2', { host: V2_HOST }));

test('a privileged container', () => golden('privileged', { devices, hostConfig: hostConfig({ Privileged: true }) }));

test('a container with most options', () =>
  golden('options', {
    devices,
    config: containerConfig({
      Entrypoint: ['/bin/app'],
      Cmd: ['-x'],
      User: 'app',
      Tty: true,
      WorkingDir: '/srv',
      Domainname: 'example.org',
      Env: ['PATH=/opt/bin', 'A=1', 'HOSTNAME'],
    }),
    accounts: { passwd: 'app:x:1000:1001::/home/app:/bin/sh\n', group: 'app:x:1001:\nwheel:x:10:app\naudio:x:29:\n' },
    mounts: [
      { source: '/data/deep', destination: '/srv/deep/er', readonly: false, propagation: 'rslave' },
      { source: '/data', destination: '/srv/', readonly: true },
      { source: '/h', destination: '/etc/hosts', readonly: false, nonRecursive: true },
    ],
    hostConfig: hostConfig({
      NetworkMode: 'bridge',
      ReadonlyRootfs: true,
      Init: true,
      ConsoleSize: [24, 80],
      GroupAdd: ['audio', '500'],
      CapAdd: ['net_admin'],
      CapDrop: ['CAP_MKNOD'],
      SecurityOpt: ['no-new-privileges'],
      Sysctls: { 'net.core.somaxconn': '99' },
      Ulimits: [{ Name: 'nofile', Soft: 100, Hard: -1 }],
      Tmpfs: { '/run': 'size=1m,exec' },
      ShmSize: 1048576,
      Devices: [
        { PathOnHost: '/dev/fuse', PathInContainer: '/dev/f', CgroupPermissions: 'rw' },
        { PathOnHost: '/dev/input', PathInContainer: '/dev/in', CgroupPermissions: '' },
      ],
      DeviceCgroupRules: ['c 13:* rm'],
      Memory: 64 * 1024 * 1024,
      MemoryReservation: 32 * 1024 * 1024,
      NanoCpus: 1_500_000_000,
      CpusetCpus: '0',
      PidsLimit: -1,
      OomScoreAdj: 100,
      MaskedPaths: [],
      ReadonlyPaths: ['/proc/sys'],
    }),
  }));

test('host namespaces', () =>
  golden('host-namespaces', {
    namespaces: { network: 'host' },
    hostConfig: hostConfig({ NetworkMode: 'host', PidMode: 'host', IpcMode: 'host', UTSMode: 'host', Init: true }),
  }));

test('joined namespaces', () => {
  const { spec } = buildSpec(
    specInput({
      namespaces: { network: { pid: 7 }, pid: 7, ipc: 8 },
      shmPath: '/c/8/shm',
      hostConfig: hostConfig({ NetworkMode: 'container:a', PidMode: 'container:a', IpcMode: 'container:b' }),
    }),
  );
  assert.deepEqual(spec.linux.namespaces, [
    { type: 'mount' },
    { type: 'network', path: '/proc/7/ns/net' },
    { type: 'uts' },
    { type: 'pid', path: '/proc/7/ns/pid' },
    { type: 'ipc', path: '/proc/8/ns/ipc' },
  ]);
  assert.equal(spec.mounts.find((mount) => mount.destination === '/dev/shm')?.source, '/c/8/shm');
  assert.deepEqual(spec.linux.sysctl, {});
});

test('a runtime that makes cgroups itself gets the limits in the spec', () => {
  const { spec, cgroup } = buildSpec(specInput({ runtime: { name: 'runc', disablesCgroups: false } }));
  assert.equal(cgroup.manager, 'cgroupfs');
  assert.deepEqual(cgroup.join, []);
  assert.deepEqual(spec.linux.resources?.pids, { limit: 4096 });
  assert.equal(spec.linux.cgroupsPath, `/gantry/${specInput().id}`);
});

test("errors have Docker's words", () => {
  const refused = (input: Partial<SpecInput>, message: string) =>
    assert.throws(() => buildSpec(specInput(input)), { message });
  refused({ config: containerConfig({ Cmd: null }) }, 'no command specified');
  refused(
    { hostConfig: hostConfig({ Devices: [{ PathOnHost: '/dev/nope', PathInContainer: '', CgroupPermissions: '' }] }) },
    'error gathering device information while adding custom device "/dev/nope": no such file or directory',
  );
  refused({ hostConfig: hostConfig({ DeviceCgroupRules: ['c x'] }) }, "invalid device cgroup rule format: 'c x'");
  refused({ hostConfig: hostConfig({ Tmpfs: { '/x': 'bogus' } }) }, 'invalid tmpfs option "bogus"');
  refused(
    { hostConfig: hostConfig({ Ulimits: [{ Name: 'foo', Soft: 1, Hard: 1 }] }) },
    'wrong rlimit value: RLIMIT_FOO',
  );
  assert.throws(
    () => buildSpec(specInput({ hostConfig: hostConfig({ SecurityOpt: ['seccomp={bad'] }) })),
    /^EngineError: Decoding seccomp profile failed: /,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig } from '#api';
import { isKind } from '#errdefs';
import { CAPABILITIES } from './capabilities.ts';
import { DEFAULTS, FACTS, hostConfig, V1_HOST } from './testing.ts';
import { validateHostConfig } from './validate-host-config.ts';
import { validateResources } from './validate-resources.ts';

const MB = 1024 * 1024;
const context = { facts: FACTS, host: V1_HOST, defaults: DEFAULTS };

/** Texts as dockerd 28.5 gives them for the same request on a host with these facts. */
const refused: [Partial<HostConfig>, string][] = [
  [{ Memory: 5 * MB }, 'Minimum memory limit allowed is 6MB'],
  [{ Memory: -1 }, 'Minimum memory limit allowed is 6MB'],
  [{ Memory: 10 * MB, MemorySwap: 8 * MB }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
  [{ MemorySwap: 10 * MB }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [{ MemorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
  [{ MemoryReservation: MB }, 'Minimum memory reservation allowed is 6MB'],
  [
    { Memory: 10 * MB, MemoryReservation: 20 * MB },
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  ],
  [{ NanoCpus: 3e9 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
  [{ NanoCpus: -1 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
  [{ NanoCpus: 1e9, CpuPeriod: 100_000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [{ NanoCpus: 1e9, CpuQuota: 100_000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [{ CpuPeriod: 999 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ CpuQuota: 999 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ CpuShares: -1 }, 'invalid CPU shares (-1): value must be a positive integer'],
  [{ CpusetCpus: '5' }, 'Requested CPUs are not available - requested 5, available: 0-1'],
  [{ CpusetCpus: '0-x' }, 'Invalid value 0-x for cpuset cpus: invalid format: 0-x'],
  [{ CpusetCpus: '0-9999999' }, 'Invalid value 0-9999999 for cpuset cpus: value of out range, maximum is 8192'],
  [{ CpusetMems: '4' }, 'Requested memory nodes are not available - requested 4, available: 0'],
  [{ CpuRealtimeRuntime: 5, CpuRealtimePeriod: 3 }, 'cpu real-time runtime cannot be higher than cpu real-time period'],
  [{ IOMaximumIOps: 5 }, 'invalid option: QoS maximum IOPs configuration is not supported on linux'],
  [{ OomScoreAdj: 2000 }, 'Invalid value 2000, range for oom score adj is [-1000, 1000]'],
  [{ ShmSize: -1 }, 'SHM size can not be less than 0'],
  [{ IpcMode: 'foo' }, 'invalid IPC mode: foo'],
  [{ PidMode: 'foo' }, 'invalid PID mode: foo'],
  [{ UTSMode: 'foo' }, 'invalid UTS mode: foo'],
  [{ CgroupnsMode: 'foo' }, 'invalid cgroup namespace mode: foo'],
  [{ CapAdd: ['FOO'] }, 'invalid CapAdd: unknown capability: "CAP_FOO"'],
  [{ CapDrop: ['FOO'] }, 'invalid CapDrop: unknown capability: "CAP_FOO"'],
  [{ Isolation: 'hyperv' }, "invalid isolation (hyperv): linux only supports 'default'"],
  [{ Tmpfs: { x: '' } }, "invalid mount path: 'x' mount path must be absolute"],
  [{ Tmpfs: { '/': '' } }, "invalid specification: destination can't be '/'"],
  [{ Sysctls: { 'kernel.pid_max': '5' } }, 'sysctl "kernel.pid_max" is not in a separate kernel namespace'],
  [
    { Sysctls: { 'kernel.shm_rmid_forced=1+kernel.core_pattern': '|/x' } },
    'sysctl "kernel.shm_rmid_forced=1+kernel.core_pattern" is not in a separate kernel namespace',
  ],
  [
    { NetworkMode: 'host', Sysctls: { 'net.ipv4.ip_forward': '1' } },
    'sysctl "net.ipv4.ip_forward" not allowed in host network namespace',
  ],
];

for (const [given, message] of refused) {
  test(`${JSON.stringify(given)} is refused`, () =>
    assert.throws(
      () => validateHostConfig(hostConfig(given), context),
      (error: Error) => error.message === message && isKind(error, 'invalid-argument'),
    ));
}

for (const [option, message] of [
  ['foo', 'invalid --security-opt 1: "foo"'],
  ['foo=bar', 'invalid --security-opt 2: "foo=bar"'],
  ['no-new-privileges=foo', 'invalid --security-opt 2: "no-new-privileges=foo"'],
] as const) {
  test(`security option ${option} is refused as Docker does, by an internal error`, () =>
    assert.throws(
      () => validateHostConfig(hostConfig({ SecurityOpt: [option] }), context),
      (error: Error) => error.message === message && isKind(error, 'internal'),
    ));
}

test('a capability that the host lacks is refused', () => {
  const host = { ...V1_HOST, capabilities: CAPABILITIES.filter((name) => name !== 'CAP_SYS_RESOURCE') };
  assert.throws(() => validateHostConfig(hostConfig({ CapAdd: ['SYS_RESOURCE'] }), { ...context, host }), {
    message:
      'invalid CapAdd: capability not supported by your kernel or not available in the current environment: "CAP_SYS_RESOURCE"',
  });
});

test('what the host cannot do is discarded with a warning', () => {
  const { hostConfig: kept, warnings } = validateHostConfig(
    hostConfig({ BlkioWeight: 5, CpuPercent: 5, OomKillDisable: true }),
    context,
  );
  assert.deepEqual(warnings, [
    'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    'linux does not support CPU percent. Percent discarded.',
    'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
  ]);
  assert.equal(kept.BlkioWeight, 0);
});

test('a host without memory cgroups discards memory limits', () => {
  const facts = { ...FACTS, memoryLimit: false };
  const { resources, warnings } = validateResources(hostConfig({ Memory: 10 * MB }), facts);
  assert.deepEqual([resources.Memory, resources.MemorySwap], [0, -1]);
  assert.deepEqual(warnings, [
    'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  ]);
});

test('defaults are filled in as inspect shows them', () => {
  const { hostConfig: filled } = validateHostConfig(hostConfig({ Memory: 10 * MB }), context);
  assert.equal(filled.MemorySwap, 20 * MB);
  assert.equal(filled.ShmSize, 64 * MB);
  assert.equal(filled.IpcMode, 'private');
  assert.equal(filled.CgroupnsMode, 'host');
  assert.equal(filled.MaskedPaths?.length, 12);
  assert.equal(filled.PidsLimit, null);
});

test('a privileged container has no default paths and is labelled', () => {
  const { hostConfig: filled } = validateHostConfig(hostConfig({ Privileged: true }), context);
  assert.deepEqual([filled.MaskedPaths, filled.ReadonlyPaths, filled.SecurityOpt], [null, null, ['label=disable']]);
});

import type { FlagValues } from '../flags/flag-values.ts';

/** The resource limits in a create request. */
export function resources(flags: FlagValues): Record<string, unknown> {
  const rules = flags.list('device-cgroup-rule');
  return {
    CgroupParent: flags.text('cgroup-parent'),
    Memory: flags.number('memory'),
    MemoryReservation: flags.number('memory-reservation'),
    MemorySwap: flags.number('memory-swap'),
    MemorySwappiness: flags.number('memory-swappiness'),
    OomKillDisable: flags.bool('oom-kill-disable'),
    NanoCpus: flags.number('cpus'),
    CpuCount: flags.number('cpu-count'),
    CpuPercent: flags.number('cpu-percent'),
    CpuShares: flags.number('cpu-shares'),
    CpuPeriod: flags.number('cpu-period'),
    CpusetCpus: flags.text('cpuset-cpus'),
    CpusetMems: flags.text('cpuset-mems'),
    CpuQuota: flags.number('cpu-quota'),
    CpuRealtimePeriod: flags.number('cpu-rt-period'),
    CpuRealtimeRuntime: flags.number('cpu-rt-runtime'),
    PidsLimit: flags.number('pids-limit'),
    BlkioWeight: flags.number('blkio-weight'),
    BlkioWeightDevice: flags.list('blkio-weight-device'),
    BlkioDeviceReadBps: flags.list('device-read-bps'),
    BlkioDeviceWriteBps: flags.list('device-write-bps'),
    BlkioDeviceReadIOps: flags.list('device-read-iops'),
    BlkioDeviceWriteIOps: flags.list('device-write-iops'),
    IOMaximumIOps: flags.number('io-maxiops'),
    IOMaximumBandwidth: flags.number('io-maxbandwidth'),
    Ulimits: [...(flags.get('ulimit') as { Name: string }[])].sort((a, b) => (a.Name < b.Name ? -1 : 1)),
    DeviceCgroupRules: rules.length > 0 ? rules : null,
  };
}

import type { HostConfig } from '#api';
import { conflict } from '#errdefs';
import type { Resources } from './deps.ts';

const CHANGEABLE = [
  ...(['BlkioWeight', 'CpuShares', 'NanoCpus', 'CpuPeriod', 'CpuQuota', 'CpusetCpus', 'CpusetMems', 'Memory'] as const),
  ...(['MemorySwap', 'MemoryReservation', 'KernelMemory', 'CpuRealtimePeriod', 'CpuRealtimeRuntime'] as const),
] as const;

/** The HostConfig with what an update gives; its zero values are no word. Docker: other fields of it are passed over. */
export function mergeResources(
  current: HostConfig,
  { resources, policy }: { resources: Resources; policy: HostConfig['RestartPolicy'] },
): HostConfig {
  refuse(current, resources);
  const given = CHANGEABLE.filter((key) => resources[key]).map((key) => [key, resources[key]] as const);
  const pids = resources.PidsLimit === null ? {} : { PidsLimit: resources.PidsLimit };
  if (policy.Name === '') return { ...current, ...Object.fromEntries(given), ...pids };
  if (current.AutoRemove && policy.Name !== 'no') {
    throw conflict('Restart policy cannot be updated because AutoRemove is enabled for the container');
  }
  return { ...current, ...Object.fromEntries(given), ...pids, RestartPolicy: policy };
}

function refuse(current: HostConfig, wanted: Resources): void {
  const clashes: [boolean, string][] = [
    [wanted.NanoCpus > 0 && current.CpuPeriod > 0, 'Nano CPUs cannot be updated as CPU Period'],
    [wanted.NanoCpus > 0 && current.CpuQuota > 0, 'Nano CPUs cannot be updated as CPU Quota'],
    [wanted.CpuPeriod > 0 && current.NanoCpus > 0, 'CPU Period cannot be updated as NanoCPUs'],
    [wanted.CpuQuota > 0 && current.NanoCpus > 0, 'CPU Quota cannot be updated as NanoCPUs'],
  ];
  const clash = clashes.find(([is]) => is);
  if (clash) throw conflict(`Conflicting options: ${clash[1]} has already been set`);
  if (wanted.Memory > current.MemorySwap && wanted.Memory !== 0 && wanted.MemorySwap === 0) {
    throw conflict(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    );
  }
}

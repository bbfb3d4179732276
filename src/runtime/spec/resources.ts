import type { UpdateConfig } from '#api';
import { internal, invalid } from '#errdefs';
import type { OciBlockIo, OciCpu, OciMemory, OciResources } from '#oci';
import type { DeviceNode } from './input.ts';

/** The part of a HostConfig that `update` can change too. */
export type Resources = Omit<UpdateConfig, 'RestartPolicy'>;
type Lookup = (path: string) => readonly DeviceNode[];

/**
 * Limits in the runtime's terms. `memory.swap` counts memory and swap together; `pidsDefault` applies when the user said
 * nothing. With `update`, −1 is written where it lifts a limit.
 */
export function containerResources(
  resources: Resources,
  { pidsDefault, lookup }: { pidsDefault?: number; lookup: Lookup },
): OciResources {
  const result: OciResources = {};
  const memory = memoryLimits(resources);
  const cpu = cpuLimits(resources);
  const blockIO = blockIoLimits(resources, lookup);
  const pids = pidsLimit(resources.PidsLimit, pidsDefault);
  if (Object.keys(memory).length > 0) result.memory = memory;
  if (Object.keys(cpu).length > 0) result.cpu = cpu;
  if (Object.keys(blockIO).length > 0) result.blockIO = blockIO;
  if (pids !== undefined) result.pids = { limit: pids };
  return result;
}

function pidsLimit(asked: number | null, byDefault: number | undefined): number | undefined {
  const limit = asked ?? byDefault;
  if (limit === undefined) return undefined;
  return limit <= 0 ? -1 : limit;
}

function memoryLimits(resources: Resources): OciMemory {
  const memory: OciMemory = {};
  if (resources.Memory > 0) memory.limit = resources.Memory;
  if (resources.MemoryReservation > 0) memory.reservation = resources.MemoryReservation;
  // Docker: without a word on swap a container may swap as much again as its memory.
  if (resources.MemorySwap !== 0) memory.swap = resources.MemorySwap;
  else if (resources.Memory > 0) memory.swap = resources.Memory * 2;
  if (resources.MemorySwappiness !== null && resources.MemorySwappiness !== -1) {
    memory.swappiness = resources.MemorySwappiness;
  }
  if (resources.OomKillDisable) memory.disableOOMKiller = true;
  return memory;
}

function cpuLimits(resources: Resources): OciCpu {
  const cpu: OciCpu = {};
  if (resources.CpuShares < 0) {
    throw invalid(`invalid CPU shares (${resources.CpuShares}): value must be a positive integer`);
  }
  if (resources.CpuShares > 0) cpu.shares = resources.CpuShares;
  if (resources.NanoCpus > 0) {
    cpu.period = 100_000;
    cpu.quota = Math.trunc(resources.NanoCpus / 10_000);
  }
  if (resources.CpuPeriod) cpu.period = resources.CpuPeriod;
  if (resources.CpuQuota) cpu.quota = resources.CpuQuota;
  if (resources.CpuRealtimePeriod) cpu.realtimePeriod = resources.CpuRealtimePeriod;
  if (resources.CpuRealtimeRuntime) cpu.realtimeRuntime = resources.CpuRealtimeRuntime;
  if (resources.CpusetCpus) cpu.cpus = resources.CpusetCpus;
  if (resources.CpusetMems) cpu.mems = resources.CpusetMems;
  return cpu;
}

function blockIoLimits(resources: Resources, lookup: Lookup): OciBlockIo {
  const io: OciBlockIo = {};
  const throttles = (devices: Resources['BlkioDeviceReadBps']) =>
    (devices ?? []).map(({ Path, Rate }) => ({ ...numbers(Path, lookup), rate: Rate }));
  const weights = (resources.BlkioWeightDevice ?? []).map(({ Path, Weight }) => ({
    ...numbers(Path, lookup),
    weight: Weight,
  }));
  const all = {
    throttleReadBpsDevice: throttles(resources.BlkioDeviceReadBps),
    throttleWriteBpsDevice: throttles(resources.BlkioDeviceWriteBps),
    throttleReadIOPSDevice: throttles(resources.BlkioDeviceReadIOps),
    throttleWriteIOPSDevice: throttles(resources.BlkioDeviceWriteIOps),
  };
  for (const [key, list] of Object.entries(all)) if (list.length > 0) io[key as keyof typeof all] = list;
  if (weights.length > 0) io.weightDevice = weights;
  if (resources.BlkioWeight) io.weight = resources.BlkioWeight;
  return io;
}

function numbers(path: string, lookup: Lookup): { major: number; minor: number } {
  let node: DeviceNode | undefined;
  try {
    [node] = lookup(path);
  } catch (error) {
    throw internal(`stat ${path}: no such file or directory`, error);
  }
  if (!node) throw internal(`stat ${path}: not a device`);
  return { major: node.major, minor: node.minor };
}

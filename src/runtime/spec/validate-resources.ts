import { invalid } from '#errdefs';
import type { ResourceFacts } from '../host-facts.ts';
import { isAvailable } from './cpuset.ts';
import type { Resources } from './resources.ts';

const MIN_MEMORY = 6 * 1024 * 1024;
const UNMOUNTED = 'or the cgroup is not mounted.';

export interface Validated {
  /** The resources without what this host cannot do. */
  readonly resources: Resources;
  readonly warnings: readonly string[];
}

/** What checks share: they drop what the host lacks from `resources`, say so in `warnings`, and throw what is wrong. */
interface Check {
  readonly resources: Resources;
  readonly facts: ResourceFacts;
  readonly warnings: string[];
}

/** Checks limits in Docker's order and words, at create and `update`. Does not change its argument. */
export function validateResources(given: Resources, facts: ResourceFacts, { update = false } = {}): Validated {
  const check: Check = { resources: { ...given }, facts, warnings: [] };
  refusePlatform(check, update);
  memory(check, update);
  reservation(check);
  kernelMemory(check);
  oomAndPids(check);
  nanoCpus(check);
  cpu(check);
  cpusets(check);
  blockIo(check);
  return { resources: check.resources, warnings: check.warnings };
}

function refusePlatform({ resources, facts }: Check, update: boolean): void {
  // Docker: one error, two texts.
  if (update && (resources.IOMaximumBandwidth !== 0 || resources.IOMaximumIOps !== 0)) {
    throw invalid('Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps');
  }
  if (resources.IOMaximumBandwidth !== 0) {
    throw invalid('invalid option: QoS maximum bandwidth configuration is not supported on linux');
  }
  if (resources.IOMaximumIOps !== 0) {
    throw invalid('invalid option: QoS maximum IOPs configuration is not supported on linux');
  }
  const { CpuRealtimePeriod: period, CpuRealtimeRuntime: runtime, CpuShares: shares } = resources;
  if ((period !== 0 || runtime !== 0) && !facts.cpuRealtime) {
    throw invalid('kernel does not support CPU real-time scheduler');
  }
  if (period !== 0 && runtime !== 0 && runtime > period) {
    throw invalid('cpu real-time runtime cannot be higher than cpu real-time period');
  }
  if (facts.cpuShares && shares < 0) {
    throw invalid(`invalid CPU shares (${shares}): value must be a positive integer`);
  }
}

function memory({ resources: r, facts, warnings }: Check, update: boolean): void {
  if (r.MemorySwappiness === -1) r.MemorySwappiness = null;
  if (r.Memory !== 0 && r.Memory < MIN_MEMORY) throw invalid('Minimum memory limit allowed is 6MB');
  if (r.Memory > 0 && !facts.memoryLimit) {
    warnings.push(`Your kernel does not support memory limit capabilities ${UNMOUNTED} Limitation discarded.`);
    r.Memory = 0;
    r.MemorySwap = -1;
  }
  if (r.Memory > 0 && r.MemorySwap !== -1 && !facts.swapLimit) {
    warnings.push(`Your kernel does not support swap limit capabilities ${UNMOUNTED} Memory limited without swap.`);
    r.MemorySwap = -1;
  }
  if (r.Memory > 0 && r.MemorySwap > 0 && r.MemorySwap < r.Memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (r.Memory === 0 && r.MemorySwap > 0 && !update) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (r.MemorySwappiness !== null && !facts.memorySwappiness) {
    warnings.push(
      `Your kernel does not support memory swappiness capabilities ${UNMOUNTED} Memory swappiness discarded.`,
    );
    r.MemorySwappiness = null;
  }
  if (r.MemorySwappiness !== null && (r.MemorySwappiness < 0 || r.MemorySwappiness > 100)) {
    throw invalid(`Invalid value: ${r.MemorySwappiness}, valid memory swappiness range is 0-100`);
  }
}

function reservation({ resources: r, facts, warnings }: Check): void {
  if (r.MemoryReservation > 0 && !facts.memoryReservation) {
    warnings.push(`Your kernel does not support memory soft limit capabilities ${UNMOUNTED} Limitation discarded.`);
    r.MemoryReservation = 0;
  }
  if (r.MemoryReservation > 0 && r.MemoryReservation < MIN_MEMORY) {
    throw invalid('Minimum memory reservation allowed is 6MB');
  }
  if (r.Memory > 0 && r.MemoryReservation > 0 && r.Memory < r.MemoryReservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

/** Docker: kept and shown, but no kernel of today limits it (deprecated since 5.4). */
function kernelMemory({ resources: r, facts, warnings }: Check): void {
  if (!r.KernelMemory || r.KernelMemory < 0) return;
  if (!facts.kernelMemory) {
    warnings.push(`Your kernel does not support kernel memory limit capabilities ${UNMOUNTED} Limitation discarded.`);
    r.KernelMemory = 0;
  } else if (r.KernelMemory < MIN_MEMORY) throw invalid('Minimum kernel memory limit allowed is 6MB');
}

function oomAndPids({ resources: r, facts, warnings }: Check): void {
  if (r.OomKillDisable !== null && !facts.oomKillDisable) {
    if (r.OomKillDisable) warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    r.OomKillDisable = null;
  }
  if (r.OomKillDisable && r.Memory === 0) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  if (r.PidsLimit !== null && !facts.pidsLimit) {
    if (r.PidsLimit > 0) {
      warnings.push(`Your kernel does not support PIDs limit capabilities ${UNMOUNTED} PIDs limit discarded.`);
    }
    r.PidsLimit = null;
  }
}

function nanoCpus({ resources: { NanoCpus, CpuPeriod, CpuQuota }, facts }: Check): void {
  if (NanoCpus > 0 && CpuPeriod > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (NanoCpus > 0 && CpuQuota > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  }
  if (NanoCpus > 0 && !facts.cpuCfs) {
    throw invalid(
      `NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler ${UNMOUNTED.slice(0, -1)}`,
    );
  }
  if (NanoCpus < 0 || NanoCpus > facts.cpuCount * 1e9) {
    const count = facts.cpuCount;
    throw invalid(`range of CPUs is from 0.01 to ${count}.00, as there are only ${count} CPUs available`);
  }
}

function cpu({ resources: r, facts, warnings }: Check): void {
  if (r.CpuShares > 0 && !facts.cpuShares) {
    warnings.push(`Your kernel does not support CPU shares ${UNMOUNTED} Shares discarded.`);
    r.CpuShares = 0;
  }
  if ((r.CpuPeriod !== 0 || r.CpuQuota !== 0) && !facts.cpuCfs) {
    warnings.push('Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.');
    r.CpuPeriod = 0;
    r.CpuQuota = 0;
  }
  if (r.CpuPeriod !== 0 && (r.CpuPeriod < 1000 || r.CpuPeriod > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (r.CpuQuota > 0 && r.CpuQuota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if (r.CpuPercent > 0) {
    warnings.push('linux does not support CPU percent. Percent discarded.');
    r.CpuPercent = 0;
  }
}

function cpusets({ resources: r, facts, warnings }: Check): void {
  if ((r.CpusetCpus !== '' || r.CpusetMems !== '') && !facts.cpuset) {
    warnings.push(`Your kernel does not support cpuset ${UNMOUNTED} Cpuset discarded.`);
    r.CpusetCpus = '';
    r.CpusetMems = '';
  }
  requireAvailable('cpus', r.CpusetCpus, facts.cpus);
  requireAvailable('mems', r.CpusetMems, facts.mems);
}

function requireAvailable(what: 'cpus' | 'mems', requested: string, available: string): void {
  let ok: boolean;
  try {
    ok = isAvailable(requested, available);
  } catch (error) {
    throw invalid(`Invalid value ${requested} for cpuset ${what}: ${(error as Error).message}`, error);
  }
  const name = what === 'cpus' ? 'CPUs' : 'memory nodes';
  if (!ok) throw invalid(`Requested ${name} are not available - requested ${requested}, available: ${available}`);
}

function blockIo({ resources: r, facts, warnings }: Check): void {
  if (r.BlkioWeight > 0 && !facts.blkioWeight) {
    warnings.push(`Your kernel does not support Block I/O weight ${UNMOUNTED} Weight discarded.`);
    r.BlkioWeight = 0;
  }
  if (r.BlkioWeight > 0 && (r.BlkioWeight < 10 || r.BlkioWeight > 1000)) {
    throw invalid('Range of blkio weight is from 10 to 1000');
  }
  const lists = [
    ['BlkioWeightDevice', facts.blkioWeightDevice, 'Block I/O weight_device', 'Weight-device'],
    ['BlkioDeviceReadBps', facts.blkioReadBps, 'BPS Block I/O read limit', 'Block I/O BPS read limit'],
    ['BlkioDeviceWriteBps', facts.blkioWriteBps, 'BPS Block I/O write limit', 'Block I/O BPS write limit'],
    ['BlkioDeviceReadIOps', facts.blkioReadIops, 'IOPS Block read limit', 'Block I/O IOPS read limit'],
    ['BlkioDeviceWriteIOps', facts.blkioWriteIops, 'IOPS Block write limit', 'Block I/O IOPS write limit'],
  ] as const;
  for (const [key, supported, what, discarded] of lists) {
    if (supported || !r[key]?.length) continue;
    warnings.push(`Your kernel does not support ${what} ${UNMOUNTED} ${discarded} discarded.`);
    r[key] = [];
  }
}

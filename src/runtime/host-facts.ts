import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import type { CgroupLayout } from '#sys';
import { isErrno } from '#sys';
import type { CgroupDriver } from './cgroup/place.ts';
import { cgroupDriver } from './cgroup/place.ts';
import type { SpecHost } from './spec/input.ts';

/** Which limits this host can enforce, and its cpusets as lists. */
export interface ResourceFacts {
  readonly memoryLimit: boolean;
  readonly swapLimit: boolean;
  readonly memoryReservation: boolean;
  readonly oomKillDisable: boolean;
  readonly memorySwappiness: boolean;
  readonly kernelMemory: boolean;
  readonly kernelMemoryTcp: boolean;
  readonly cpuShares: boolean;
  readonly cpuCfs: boolean;
  readonly cpuRealtime: boolean;
  readonly cpuset: boolean;
  /** `0-1` */
  readonly cpus: string;
  readonly mems: string;
  readonly pidsLimit: boolean;
  readonly blkioWeight: boolean;
  readonly blkioWeightDevice: boolean;
  readonly blkioReadBps: boolean;
  readonly blkioWriteBps: boolean;
  readonly blkioReadIops: boolean;
  readonly blkioWriteIops: boolean;
  readonly cgroupNamespaces: boolean;
  readonly ipv4Forwarding: boolean;
  readonly cgroupVersion: 1 | 2;
  readonly cgroupDriver: CgroupDriver;
  readonly cpuCount: number;
}

/** What `/info` says of the host besides its limits. */
export interface HostFacts extends ResourceFacts {
  /** As `/info` lists it: `name=seccomp,profile=builtin`, `name=cgroupns`. */
  readonly securityOptions: readonly string[];
  readonly kernelVersion: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  /** As uname -m: `x86_64`, `aarch64`. */
  readonly machine: string;
  /** Bytes. */
  readonly memoryTotal: number;
}

const MACHINES: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/** Reads the host's facts; cheap enough for each `/info`, which Docker answers from fresh facts too. */
export function detectHostFacts(host: SpecHost, options: { cgroupDriver: string; seccompProfile: string }): HostFacts {
  const limits = host.cgroup.version === 2 ? factsV2(host.cgroup) : factsV1(host.cgroup);
  const { name, version } = operatingSystem();
  return {
    ...limits,
    cgroupNamespaces: existsSync('/proc/self/ns/cgroup'),
    ipv4Forwarding: readWord('/proc/sys/net/ipv4/ip_forward') === '1',
    cgroupVersion: host.cgroup.version,
    cgroupDriver: cgroupDriver(host.cgroup, options.cgroupDriver),
    cpuCount: availableParallelism(),
    securityOptions: securityOptions(host, options.seccompProfile),
    kernelVersion: release(),
    operatingSystem: name,
    osVersion: version,
    machine: MACHINES[host.architecture] ?? host.architecture,
    memoryTotal: totalmem(),
  };
}

type Limits = Omit<
  ResourceFacts,
  'cgroupNamespaces' | 'ipv4Forwarding' | 'cgroupVersion' | 'cgroupDriver' | 'cpuCount'
>;

function factsV1({ hierarchies }: CgroupLayout): Limits {
  const root = (controller: string) =>
    hierarchies.find((hierarchy) => hierarchy.controllers.includes(controller))?.mountpoint;
  const has = (controller: string, file: string) => {
    const directory = root(controller);
    return directory !== undefined && existsSync(`${directory}/${file}`);
  };
  return {
    memoryLimit: root('memory') !== undefined,
    swapLimit: has('memory', 'memory.memsw.limit_in_bytes'),
    memoryReservation: has('memory', 'memory.soft_limit_in_bytes'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    memorySwappiness: has('memory', 'memory.swappiness'),
    kernelMemory: has('memory', 'memory.kmem.limit_in_bytes'),
    kernelMemoryTcp: has('memory', 'memory.kmem.tcp.limit_in_bytes'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuCfs: has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: has('cpu', 'cpu.rt_period_us'),
    cpuset: root('cpuset') !== undefined,
    cpus: readWord(`${root('cpuset')}/cpuset.cpus`),
    mems: readWord(`${root('cpuset')}/cpuset.mems`),
    pidsLimit: root('pids') !== undefined,
    blkioWeight: has('blkio', 'blkio.weight'),
    blkioWeightDevice: has('blkio', 'blkio.weight_device'),
    blkioReadBps: has('blkio', 'blkio.throttle.read_bps_device'),
    blkioWriteBps: has('blkio', 'blkio.throttle.write_bps_device'),
    blkioReadIops: has('blkio', 'blkio.throttle.read_iops_device'),
    blkioWriteIops: has('blkio', 'blkio.throttle.write_iops_device'),
  };
}

function factsV2({ controllers, unified }: CgroupLayout): Limits {
  const has = (controller: string) => controllers.includes(controller);
  const own = (/^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/').replace(/^\/$/, '');
  return {
    memoryLimit: has('memory'),
    // The root has no memory files: look where this process is.
    swapLimit: has('memory') && existsSync(`${unified}${own}/memory.swap.max`),
    memoryReservation: has('memory'),
    oomKillDisable: false,
    memorySwappiness: false,
    kernelMemory: false,
    kernelMemoryTcp: false,
    cpuShares: has('cpu'),
    cpuCfs: has('cpu'),
    cpuRealtime: false,
    cpuset: has('cpuset'),
    cpus: readWord(`${unified}/cpuset.cpus.effective`),
    mems: readWord(`${unified}/cpuset.mems.effective`),
    pidsLimit: has('pids'),
    blkioWeight: has('io'),
    blkioWeightDevice: has('io'),
    blkioReadBps: has('io'),
    blkioWriteBps: has('io'),
    blkioReadIops: has('io'),
    blkioWriteIops: has('io'),
  };
}

function securityOptions(host: SpecHost, profile: string): string[] {
  const shown = profile === '' || profile === 'builtin' ? 'builtin' : profile === 'unconfined' ? profile : 'custom';
  return [
    ...(host.apparmor ? ['name=apparmor'] : []),
    ...(host.seccomp ? [`name=seccomp,profile=${shown}`] : []),
    ...(host.cgroup.version === 2 ? ['name=cgroupns'] : []),
  ];
}

/** The host's name for itself (os-release(5)). */
function operatingSystem(): { name: string; version: string } {
  const text = readOr('/etc/os-release') || readOr('/usr/lib/os-release');
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { name: value('PRETTY_NAME') || 'Linux', version: value('VERSION_ID') };
}

const readWord = (path: string) => readOr(path).trim();

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return '';
    throw error;
  }
}

/** The `Warnings` of `/info`: what this host cannot limit, in Docker's words and order. */
export function hostWarnings(facts: ResourceFacts): string[] {
  const v1 = facts.cgroupVersion === 1;
  const io = (name: string, v2: string) => (v1 ? `blkio throttle.${name}` : `io.max (${v2})`);
  const missing: [boolean, string][] = [
    [facts.memoryLimit, 'memory limit'],
    [facts.swapLimit, 'swap limit'],
    [facts.kernelMemoryTcp || !v1, 'kernel memory TCP limit'],
    [facts.oomKillDisable || !v1, 'oom kill disable'],
    [facts.cpuCfs, 'cpu cfs quota'],
    [facts.cpuCfs, 'cpu cfs period'],
    [facts.cpuShares, 'cpu shares'],
    [facts.cpuset, 'cpuset'],
    [facts.blkioWeight || v1, 'io.weight'],
    [facts.blkioWeightDevice || v1, 'io.weight (per device)'],
    [facts.blkioReadBps, io('read_bps_device', 'rbps')],
    [facts.blkioWriteBps, io('write_bps_device', 'wbps')],
    [facts.blkioReadIops, io('read_iops_device', 'riops')],
    [facts.blkioWriteIops, io('write_iops_device', 'wiops')],
  ];
  const warnings = missing.filter(([has]) => !has).map(([, what]) => `WARNING: No ${what} support`);
  return facts.ipv4Forwarding ? warnings : [...warnings, 'WARNING: IPv4 forwarding is disabled'];
}

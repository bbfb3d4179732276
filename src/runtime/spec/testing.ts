import { ContainerConfig, HostConfig } from '#api';
import { zero } from '#schema';
import type { ResourceFacts } from '../host-facts.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { SpecDefaults, SpecHost, SpecInput } from './input.ts';

const V1_CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'name=systemd'];

/** A hybrid host of two processors, with every capability. */
export const V1_HOST: SpecHost = {
  cgroup: {
    version: 1,
    hierarchies: V1_CONTROLLERS.map((name) => ({
      name,
      controllers: [name],
      mountpoint: `/sys/fs/cgroup/${name.replace('name=', '')}`,
    })),
    controllers: V1_CONTROLLERS,
    unified: '/sys/fs/cgroup/unified',
    systemd: false,
  },
  capabilities: CAPABILITIES,
  architecture: 'amd64',
  kernel: { version: 6, major: 12 },
  seccomp: true,
  apparmor: false,
  thermalPaths: [],
};

/** A host with cgroup v2, run by systemd. */
export const V2_HOST: SpecHost = {
  ...V1_HOST,
  cgroup: {
    version: 2,
    hierarchies: [],
    controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
    unified: '/sys/fs/cgroup',
    systemd: true,
  },
};

export const DEFAULTS: SpecDefaults = {
  init: false,
  initPath: '/usr/lib/gantry/gantry-init',
  shmSize: 64 * 1024 * 1024,
  ipcMode: '',
  cgroupnsMode: '',
  pidsLimit: 4096,
  ulimits: [],
  noNewPrivileges: false,
  seccompProfile: '',
  apparmorProfile: 'gantry-default',
  cgroupParent: '',
  cgroupDriver: '',
};

export const FACTS: ResourceFacts = {
  memoryLimit: true,
  swapLimit: true,
  memoryReservation: true,
  oomKillDisable: true,
  memorySwappiness: true,
  kernelMemory: true,
  kernelMemoryTcp: true,
  cpuShares: true,
  cpuCfs: true,
  cpuRealtime: true,
  cpuset: true,
  cpus: '0-1',
  mems: '0',
  pidsLimit: true,
  blkioWeight: false,
  blkioWeightDevice: false,
  blkioReadBps: true,
  blkioWriteBps: true,
  blkioReadIops: true,
  blkioWriteIops: true,
  cgroupNamespaces: true,
  ipv4Forwarding: true,
  cgroupVersion: 1,
  cgroupDriver: 'cgroupfs',
  cpuCount: 2,
};

export const hostConfig = (given: Partial<HostConfig> = {}): HostConfig => ({ ...zero(HostConfig), ...given });
export const containerConfig = (given: Partial<ContainerConfig> = {}): ContainerConfig => ({
  ...zero(ContainerConfig),
  Hostname: '5d2b0f1f3c1a',
  Env: ['PATH=/bin'],
  Cmd: ['sleep', '300'],
  ...given,
});

/** A complete input: what a test does not name is as `docker run busybox sleep 300` has it. */
export function specInput(given: Partial<SpecInput> = {}): SpecInput {
  return {
    id: '5d2b0f1f3c1a'.padEnd(64, '0'),
    suffix: '',
    config: containerConfig(),
    hostConfig: hostConfig({ NetworkMode: 'bridge' }),
    accounts: {},
    rootfs: '/run/rootfs',
    mounts: [],
    files: { hostname: '/c/hostname', hosts: '/c/hosts', resolvConf: '/c/resolv.conf' },
    namespaces: { network: 'inherited' },
    devices: (path) => {
      throw Object.assign(new Error(path), { code: 'ENOENT' });
    },
    cdi: () => undefined,
    compileSeccomp: () => undefined,
    runtime: { name: 'crun', disablesCgroups: true },
    defaults: DEFAULTS,
    host: V1_HOST,
    ...given,
  };
}

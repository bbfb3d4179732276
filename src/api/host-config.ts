import type { Infer } from '#schema';
import { array, bool, int64, map, nullable, object, optional, pair, string, uint16, uint64, words } from '#schema';
import { Mount } from './mount.ts';
import { PortMap } from './ports.ts';

const ThrottleDevice = object('blkiodev.ThrottleDevice', { Path: string(), Rate: uint64() });
const throttle = () => array(ThrottleDevice, '[]*blkiodev.ThrottleDevice');

export const DeviceMapping = object('container.DeviceMapping', {
  PathOnHost: string(),
  PathInContainer: string(),
  CgroupPermissions: string(),
});
export type DeviceMapping = Infer<typeof DeviceMapping>;

export const DeviceRequest = object('container.DeviceRequest', {
  Driver: string(),
  /** -1 means all. */
  Count: int64('int'),
  DeviceIDs: array(string()),
  Capabilities: array(array(string())),
  Options: map(string()),
});
export type DeviceRequest = Infer<typeof DeviceRequest>;

export const Ulimit = object('units.Ulimit', { Name: string(), Hard: int64(), Soft: int64() });
export type Ulimit = Infer<typeof Ulimit>;

export const RestartPolicy = object('container.RestartPolicy', {
  /** '' or `no`, `always`, `unless-stopped`, `on-failure`. */
  Name: string('container.RestartPolicyMode'),
  MaximumRetryCount: int64('int'),
});
export type RestartPolicy = Infer<typeof RestartPolicy>;

/** The 30 fields that `update` can change too. Bytes, µs for CPU periods and quotas, 1e-9 CPUs for NanoCpus. */
export const resourceFields = {
  CpuShares: int64(),
  Memory: int64(),
  NanoCpus: int64(),
  CgroupParent: string(),
  BlkioWeight: uint16(),
  BlkioWeightDevice: array(
    object('blkiodev.WeightDevice', { Path: string(), Weight: uint16() }),
    '[]*blkiodev.WeightDevice',
  ),
  BlkioDeviceReadBps: throttle(),
  BlkioDeviceWriteBps: throttle(),
  BlkioDeviceReadIOps: throttle(),
  BlkioDeviceWriteIOps: throttle(),
  CpuPeriod: int64(),
  CpuQuota: int64(),
  CpuRealtimePeriod: int64(),
  CpuRealtimeRuntime: int64(),
  CpusetCpus: string(),
  CpusetMems: string(),
  Devices: array(DeviceMapping),
  DeviceCgroupRules: array(string()),
  DeviceRequests: array(DeviceRequest),
  KernelMemory: optional(int64()),
  KernelMemoryTCP: optional(int64()),
  MemoryReservation: int64(),
  MemorySwap: int64(),
  MemorySwappiness: nullable(int64()),
  OomKillDisable: nullable(bool()),
  PidsLimit: nullable(int64()),
  Ulimits: array(Ulimit, '[]*units.Ulimit'),
  CpuCount: int64(),
  CpuPercent: int64(),
  IOMaximumIOps: uint64(),
  IOMaximumBandwidth: uint64(),
};

/** What of a container depends on its host; user-given values are kept verbatim. */
export const HostConfig = object('container.HostConfig', {
  Binds: array(string()),
  ContainerIDFile: string(),
  LogConfig: object('container.LogConfig', { Type: string(), Config: map(string()) }),
  NetworkMode: string('container.NetworkMode'),
  PortBindings: PortMap,
  RestartPolicy,
  AutoRemove: bool(),
  VolumeDriver: string(),
  VolumesFrom: array(string()),
  /** Height, width. */
  ConsoleSize: pair(uint64('uint')),
  Annotations: optional(map(string())),
  CapAdd: words(),
  CapDrop: words(),
  CgroupnsMode: string('container.CgroupnsMode'),
  Dns: array(string()),
  DnsOptions: array(string()),
  DnsSearch: array(string()),
  ExtraHosts: array(string()),
  GroupAdd: array(string()),
  IpcMode: string('container.IpcMode'),
  Cgroup: string('container.CgroupSpec'),
  Links: array(string()),
  OomScoreAdj: int64('int'),
  PidMode: string('container.PidMode'),
  Privileged: bool(),
  PublishAllPorts: bool(),
  ReadonlyRootfs: bool(),
  SecurityOpt: array(string()),
  StorageOpt: optional(map(string())),
  Tmpfs: optional(map(string())),
  UTSMode: string('container.UTSMode'),
  UsernsMode: string('container.UsernsMode'),
  ShmSize: int64(),
  Sysctls: optional(map(string())),
  Runtime: string(),
  Isolation: string('container.Isolation'),
  ...resourceFields,
  Mounts: optional(array(Mount)),
  /** null: Docker's default list; []: none. */
  MaskedPaths: array(string()),
  ReadonlyPaths: array(string()),
  Init: optional(nullable(bool())),
});
export type HostConfig = Infer<typeof HostConfig>;

/** The body of `POST /containers/{id}/update`. */
export const UpdateConfig = object('container.UpdateConfig', { ...resourceFields, RestartPolicy });
export type UpdateConfig = Infer<typeof UpdateConfig>;

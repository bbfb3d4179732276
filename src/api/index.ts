/**
 * The Engine API as a contract: the shapes of requests and answers by resource (Docker's names, Docker's order, Docker's
 * zero values), API versions, filters, stream framing and timestamps. Pure values and codecs, and the clock.
 *
 * Decoded requests have every field; what Go marks `omitempty` is absent when zero, so `JSON.stringify` of a stored
 * config is what Docker would print. `zero(HostConfig)` of #schema makes an empty one.
 */

export type { BuildArguments, BuildLimits } from './build.ts';
export { parseBytes } from './bytes.ts';
export { nowNano, nowText } from './clock.ts';
export type {
  ContainerJSON,
  ContainerPruneReport,
  ContainerState,
  ContainerStatus,
  ContainerSummary,
  CreateResponse,
  ExecInspect,
  FilesystemChange,
  GraphDriver,
  Health,
  HealthResult,
  HealthStatus,
  PathStat,
  TopResponse,
  WaitCondition,
  WaitResponse,
} from './container.ts';
export { CreateRequest, ExecConfig, ExecStartRequest } from './container.ts';
export { ContainerConfig } from './container-config.ts';
export { DEFAULT_DETACH_KEYS, DetachScanner, parseDetachKeys } from './detach-keys.ts';
export type { Filters } from './filters.ts';
export {
  booleanFilter,
  checkFilters,
  filterValues,
  matchesExactly,
  matchesFuzzy,
  matchesLabels,
  matchesPattern,
  parseFilters,
} from './filters.ts';
export type { Frame, FrameStream } from './frames.ts';
export { encodeFrame, FrameDecoder, frameHeader } from './frames.ts';
export type { FsckProblem, FsckReport } from './fsck.ts';
export { HealthConfig } from './health-config.ts';
export { DeviceMapping, DeviceRequest, HostConfig, RestartPolicy, Ulimit, UpdateConfig } from './host-config.ts';
export { humanDuration } from './human-duration.ts';
export type {
  HistoryItem,
  ImageConfig,
  ImageDeleteItem,
  ImageInspect,
  ImagePruneReport,
  ImageSummary,
  OciDescriptor,
  Progress,
} from './image.ts';
export type { MountPoint } from './mount.ts';
export { BindOptions, Mount, TmpfsOptions, VolumeOptions } from './mount.ts';
export type {
  NetworkAddress,
  NetworkContainer,
  NetworkCreateResponse,
  NetworkResource,
  NetworkSettings,
} from './network.ts';
export {
  EndpointIPAMConfig,
  EndpointSettings,
  IPAM,
  IPAMConfig,
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkDisconnectRequest,
  NetworkingConfig,
} from './network.ts';
export type { PortSummary } from './ports.ts';
export { PortBinding, PortMap } from './ports.ts';
export type { DistributionInspect, LoginResult, SearchResult } from './registry.ts';
export { AuthConfig } from './registry.ts';
export type {
  BlkioEntry,
  BlkioStats,
  ContainerStats,
  CpuStats,
  MemoryStats,
  NetworkStats,
} from './stats.ts';
export type {
  BuildCacheItem,
  DiskUsage,
  EventMessage,
  Info,
  RegistryIndex,
  RuntimeInfo,
  SwarmInfo,
  Version,
  VersionComponent,
} from './system.ts';
export { formatNanos, formatTime, parseNano, parseTimestamp, ZERO_TIME } from './timestamps.ts';
export { parseUntil } from './until.ts';
export { API_VERSION, before, compareVersions, DOCKER_VERSION, MIN_API_VERSION } from './versions.ts';
export type { Volume, VolumeListResponse, VolumePruneReport } from './volume.ts';
export { VolumeCreateRequest } from './volume.ts';
export type { WhyCode, WhyEnd, WhyFinding, WhyReport } from './why.ts';

import type { Infer } from '#schema';
import { array, bool, nullable, object, optional, pair, string, uint64 } from '#schema';
import type { ContainerConfig } from './container-config.ts';
import { configFields } from './container-config.ts';
import { HostConfig } from './host-config.ts';
import type { MountPoint } from './mount.ts';
import type { EndpointSettings, NetworkSettings } from './network.ts';
import { NetworkingConfig } from './network.ts';
import type { PortSummary } from './ports.ts';

/** The body of `POST /containers/create`: the config at top level. HostConfig and NetworkingConfig may be null. */
export const CreateRequest = object(
  'container.CreateRequest',
  {
    ...configFields,
    HostConfig: nullable(HostConfig),
    NetworkingConfig: nullable(NetworkingConfig),
  },
  // Docker: the struct embeds the config, so messages do not name it.
  '',
);
export type CreateRequest = Infer<typeof CreateRequest>;

export interface CreateResponse {
  Id: string;
  Warnings: string[];
}

/** Docker's seven statuses. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface HealthResult {
  Start: string;
  End: string;
  ExitCode: number;
  Output: string;
}

export interface Health {
  Status: HealthStatus;
  FailingStreak: number;
  Log: HealthResult[] | null;
}

/** Times are RFC 3339 with ns; never is `0001-01-01T00:00:00Z`. */
export interface ContainerState {
  Status: ContainerStatus;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  Health?: Health;
}

/** What a storage driver tells about a container or an image. */
export interface GraphDriver {
  Data: Record<string, string> | null;
  Name: string;
}

/** The answer of `GET /containers/{id}/json`. */
export interface ContainerJSON {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfig;
  GraphDriver: GraphDriver;
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: ContainerConfig;
  NetworkSettings: NetworkSettings;
}

/** One entry of `GET /containers/json`. */
export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  ImageID: string;
  Command: string;
  Created: number;
  Ports: PortSummary[];
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Record<string, string>;
  State: ContainerStatus;
  Status: string;
  HostConfig: { NetworkMode: string; Annotations?: Record<string, string> };
  NetworkSettings: { Networks: Record<string, EndpointSettings> };
  Mounts: MountPoint[];
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface WaitResponse {
  StatusCode: number;
  Error?: { Message: string };
}

/** The body of `POST /containers/{id}/exec`. */
export const ExecConfig = object('container.ExecOptions', {
  User: string(),
  Privileged: bool(),
  Tty: bool(),
  /** Height, width. */
  ConsoleSize: optional(nullable(pair(uint64('uint')))),
  AttachStdin: bool(),
  AttachStderr: bool(),
  AttachStdout: bool(),
  DetachKeys: string(),
  Env: array(string()),
  WorkingDir: string(),
  Cmd: array(string()),
  Detach: optional(bool()),
});
export type ExecConfig = Infer<typeof ExecConfig>;

/** The body of `POST /exec/{id}/start`. */
export const ExecStartRequest = object('container.ExecStartOptions', {
  Detach: bool(),
  Tty: bool(),
  ConsoleSize: optional(nullable(pair(uint64('uint')))),
});
export type ExecStartRequest = Infer<typeof ExecStartRequest>;

/** The answer of `GET /exec/{id}/json`; `ExitCode` is null while it runs. */
export interface ExecInspect {
  ID: string;
  Running: boolean;
  ExitCode: number | null;
  ProcessConfig: {
    tty: boolean;
    entrypoint: string;
    arguments: string[];
    privileged?: boolean;
    user?: string;
  };
  OpenStdin: boolean;
  OpenStderr: boolean;
  OpenStdout: boolean;
  CanRemove: boolean;
  ContainerID: string;
  DetachKeys: string;
  Pid: number;
}

/** One path that a container changed. Kind: 0 modified, 1 added, 2 deleted. */
export interface FilesystemChange {
  Path: string;
  Kind: 0 | 1 | 2;
}

/** What stands at a path of a container; `mode` has Go's bits. */
export interface PathStat {
  name: string;
  size: number;
  mode: number;
  mtime: string;
  linkTarget: string;
}

export interface TopResponse {
  Titles: string[];
  Processes: string[][];
}

export interface ContainerPruneReport {
  ContainersDeleted: string[] | null;
  SpaceReclaimed: number;
}

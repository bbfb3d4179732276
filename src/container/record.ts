import type { ContainerConfig, EndpointSettings, HostConfig } from '#api';
import type { Health } from './health.ts';
import type { Phase, Status } from './state.ts';

/** What a container was asked to be; stored as JSON, user-given parts verbatim. */
export interface ContainerSpec {
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** Endpoints by network name, as asked for at create. */
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly path: string;
  readonly args: readonly string[];
  /** Log driver options that are in force although nobody gave them. */
  readonly logDefaults: Readonly<Record<string, string>>;
  /** An `update` under way: the HostConfig whose limits are being put in force. */
  readonly updating?: HostConfig;
}

/** One mount point, resolved. Field names are those of the API's MountPoint where they mean the same. */
export interface ContainerMount {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image';
  readonly destination: string;
  /** Host path; empty for tmpfs. An image's: its id. */
  readonly source: string;
  readonly name?: string;
  readonly driver?: string;
  readonly mode: string;
  readonly rw: boolean;
  readonly propagation: string;
  /** Goes with the container at `rm -v` and `--rm`. */
  readonly anonymous?: boolean;
  /** Made by this container's create: rolled back with it. */
  readonly made?: boolean;
  readonly noCopy?: boolean;
  /** Its options name what is mounted on its folder while a container uses it. */
  readonly mountedOnUse?: boolean;
  /** Of a volume or an image: only what stands there; hostile. */
  readonly subpath?: string;
  readonly nonRecursive?: boolean;
  readonly readOnlyNonRecursive?: boolean;
  readonly readOnlyForceRecursive?: boolean;
  /** The host folder is made when it is missing (`-v`); otherwise its absence is an error (`--mount`). */
  readonly createSource?: boolean;
}

export type Verb = 'create' | 'start' | 'stop' | 'restart' | 'remove' | 'await' | 'replace' | 'commit';

/** A verb under way: its intent is on record before its first effect. */
export interface Operation {
  readonly verb: Verb;
  readonly bootId: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** One row of `containers` with its mounts and its operation. */
export interface Container {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  readonly createdNano: bigint;
  readonly imageId: string;
  readonly spec: ContainerSpec;
  readonly phase: Phase;
  readonly status: Status;
  readonly exitCode: number;
  readonly error: string;
  readonly oomKilled: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly restartCount: number;
  readonly manuallyStopped: boolean;
  readonly health: Health | undefined;
  readonly mounts: readonly ContainerMount[];
  readonly operation: Operation | undefined;
}

/** The columns that verbs change; absent = unchanged. */
export interface Change {
  readonly phase?: Phase;
  readonly exitCode?: number;
  readonly error?: string;
  readonly oomKilled?: boolean;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly restartCount?: number;
  readonly manuallyStopped?: boolean;
  readonly health?: Health | null;
}

/** Whether the container has a live process, as far as the record knows. */
export function hasProcess({ status }: { readonly status: Status }): boolean {
  return status === 'running' || status === 'paused';
}

/** Whether the API shows it as running: also between two lives under a restart policy. */
export function isUp({ status }: { readonly status: Status }): boolean {
  return hasProcess({ status }) || status === 'restarting';
}

/** The folder name that people see: first 12 hex digits. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

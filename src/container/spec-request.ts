import type { ContainerConfig, ExecConfig, HostConfig } from '#api';
import type { ResolvedMount } from '#runtime';

/** What of a container its runtime spec is computed from; the daemon adds host and defaults. */
export interface SpecRequest {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly accounts: { readonly passwd?: string; readonly group?: string };
  readonly mounts: readonly ResolvedMount[];
  readonly files: { readonly hostname?: string; readonly hosts?: string; readonly resolvConf?: string };
  readonly namespaces: {
    readonly network: 'inherited' | 'new' | 'host' | { readonly pid: number };
    readonly pid?: number;
    readonly ipc?: number;
    readonly users?: string;
  };
  /** What is bound at /dev/shm; absent: a tmpfs of its own. */
  readonly shmPath?: string;
  /** Variables of links, before the user's. */
  readonly linkEnv?: readonly string[];
}

export interface ExecSpecRequest {
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly accounts: SpecRequest['accounts'];
  readonly exec: ExecConfig;
  readonly linkEnv?: readonly string[];
}

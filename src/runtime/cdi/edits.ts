/** What a device of the Container Device Interface (CNCF CDI 0.3–1.0) changes in a container. */
export interface ContainerEdits {
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly DeviceNodeEdit[];
  readonly mounts?: readonly MountEdit[];
  readonly hooks?: readonly HookEdit[];
  readonly additionalGids?: readonly number[];
}

export interface DeviceNodeEdit {
  readonly path: string;
  /** Where it lies on the host; absent: at `path`. */
  readonly hostPath?: string;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly permissions?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface MountEdit {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly options?: readonly string[];
  readonly type?: string;
}

export interface HookEdit {
  readonly hookName: string;
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

/** Both, one after the other. */
export function joinEdits(a: ContainerEdits, b: ContainerEdits): ContainerEdits {
  return {
    env: [...(a.env ?? []), ...(b.env ?? [])],
    deviceNodes: [...(a.deviceNodes ?? []), ...(b.deviceNodes ?? [])],
    mounts: [...(a.mounts ?? []), ...(b.mounts ?? [])],
    hooks: [...(a.hooks ?? []), ...(b.hooks ?? [])],
    additionalGids: [...(a.additionalGids ?? []), ...(b.additionalGids ?? [])],
  };
}

/** Maps ids of the file system's owners for one mount (idmapped mounts, kernel >= 5.12): container id, host id, count. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/** The ids of a user namespace. */
export interface IdMaps {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/**
 * A mount to be made, as a value: it crosses from snapshots and volumes to the runtime, and neither knows the other.
 * `options` are names as in fstab(5) and data options (`lowerdir=…`); `target` is filled by the consumer.
 */
export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}

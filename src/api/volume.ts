import type { Infer } from '#schema';
import { any, map, nullable, object, optional, string } from '#schema';

/** The body of `POST /volumes/create`; an empty name asks for a random one. */
export const VolumeCreateRequest = object('volume.CreateOptions', {
  ClusterVolumeSpec: optional(nullable(any())),
  Driver: optional(string()),
  DriverOpts: optional(map(string())),
  Labels: optional(map(string())),
  Name: optional(string()),
});
export type VolumeCreateRequest = Infer<typeof VolumeCreateRequest>;

export interface Volume {
  CreatedAt?: string;
  Driver: string;
  Labels: Record<string, string> | null;
  Mountpoint: string;
  Name: string;
  Options: Record<string, string> | null;
  Scope: string;
  Status?: Record<string, unknown>;
  /** Only in disk usage; -1 means not known. */
  UsageData?: { RefCount: number; Size: number };
}

export interface VolumeListResponse {
  Volumes: Volume[];
  Warnings: string[] | null;
}

export interface VolumePruneReport {
  VolumesDeleted: string[] | null;
  SpaceReclaimed: number;
}

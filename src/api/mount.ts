import type { Infer } from '#schema';
import { array, bool, int64, map, nullable, object, optional, string, uint32 } from '#schema';

export const BindOptions = object('mount.BindOptions', {
  Propagation: optional(string('mount.Propagation')),
  NonRecursive: optional(bool()),
  CreateMountpoint: optional(bool()),
  ReadOnlyNonRecursive: optional(bool()),
  ReadOnlyForceRecursive: optional(bool()),
});
export const VolumeOptions = object('mount.VolumeOptions', {
  NoCopy: optional(bool()),
  Labels: optional(map(string())),
  Subpath: optional(string()),
  DriverConfig: optional(
    nullable(object('mount.Driver', { Name: optional(string()), Options: optional(map(string())) })),
  ),
});
export const TmpfsOptions = object('mount.TmpfsOptions', {
  SizeBytes: optional(int64()),
  /** Permission bits, decimal in JSON. */
  Mode: optional(uint32('fs.FileMode')),
  Options: optional(array(array(string()))),
});

/** A mount as the user asked for it (`--mount`). */
export const Mount = object('mount.Mount', {
  /** `bind`, `volume`, `tmpfs`, `image`, `npipe` or `cluster`. */
  Type: optional(string('mount.Type')),
  Source: optional(string()),
  Target: optional(string()),
  ReadOnly: optional(bool()),
  Consistency: optional(string('mount.Consistency')),
  BindOptions: optional(nullable(BindOptions)),
  VolumeOptions: optional(nullable(VolumeOptions)),
  ImageOptions: optional(nullable(object('mount.ImageOptions', { Subpath: optional(string()) }))),
  TmpfsOptions: optional(nullable(TmpfsOptions)),
  ClusterOptions: optional(nullable(object('mount.ClusterOptions', {}))),
});
export type Mount = Infer<typeof Mount>;

/** A mount as a container has it (inspect and list). */
export interface MountPoint {
  Type?: string;
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

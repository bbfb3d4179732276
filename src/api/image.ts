import type { GraphDriver } from './container.ts';
import type { ContainerConfig } from './container-config.ts';

/** The config of an image as inspect shows it: the part of {@link ContainerConfig} that an image can set. */
export type ImageConfig = Partial<
  Pick<
    ContainerConfig,
    | 'User'
    | 'ExposedPorts'
    | 'Env'
    | 'Entrypoint'
    | 'Cmd'
    | 'Volumes'
    | 'WorkingDir'
    | 'Labels'
    | 'StopSignal'
    | 'ArgsEscaped'
    | 'Healthcheck'
    | 'OnBuild'
    | 'Shell'
  >
>;

/** The answer of `GET /images/{name}/json`. */
export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created?: string;
  DockerVersion: string;
  Author: string;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  Size: number;
  /** Only for API versions before 1.44. */
  VirtualSize?: number;
  GraphDriver: GraphDriver;
  RootFS: { Type: string; Layers?: string[] };
  Metadata: { LastTagTime: string };
  Descriptor?: OciDescriptor;
  Config: ImageConfig | null;
}

export interface OciDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  urls?: string[];
  annotations?: Record<string, string>;
  platform?: { architecture: string; os: string; variant?: string };
}

/** One entry of `GET /images/json`. Sizes in bytes, -1: not asked for; Created in s. */
export interface ImageSummary {
  Containers: number;
  Created: number;
  Id: string;
  Labels: Record<string, string> | null;
  ParentId: string;
  RepoDigests: string[];
  RepoTags: string[];
  SharedSize: number;
  Size: number;
  /** Only for API versions before 1.44. */
  VirtualSize?: number;
  Descriptor?: OciDescriptor;
}

export interface HistoryItem {
  Comment: string;
  Created: number;
  CreatedBy: string;
  Id: string;
  Size: number;
  Tags: string[] | null;
}

export type ImageDeleteItem = { Untagged: string } | { Deleted: string };

export interface ImagePruneReport {
  ImagesDeleted: ImageDeleteItem[] | null;
  SpaceReclaimed: number;
}

/** One message of a progress stream (load, import, pull); an `error` is its last. */
export interface Progress {
  stream?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number; start?: number; units?: string };
  progress?: string;
  id?: string;
  from?: string;
  time?: number;
  errorDetail?: { code?: number; message: string };
  error?: string;
  aux?: unknown;
}

import type { Duplex } from 'node:stream';
import type { ContainerConfig, HostConfig } from '#api';
import type { Content } from '#content';
import type { Images } from '#image';
import type { Log } from '#log';
import type { IdMaps, OciSpec } from '#oci';
import type { CgroupRequest, ExitRecord, PrepareRequest, Started, StartRequest } from '#runtime';
import type { Snapshots } from '#snapshot';
import type { Store } from '#store';

/** What a spec of a step is computed from; the daemon adds host and defaults. */
export interface SpecRequest {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly accounts: { readonly passwd?: string; readonly group?: string };
  readonly mounts: readonly StepMount[];
  readonly files: { readonly hostname?: string; readonly hosts?: string; readonly resolvConf?: string };
  readonly namespaces: { readonly network: 'inherited' | 'host'; readonly users?: string };
}

/** A bind into a step's container. */
export interface StepMount {
  readonly source: string;
  readonly destination: string;
  readonly readonly: boolean;
  /** Nothing is mounted below it; required of files. */
  readonly readOnlyNonRecursive?: boolean;
}

export interface InnerSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}

export interface SandboxRequest {
  readonly containerId: string;
  readonly name: string;
  readonly hostname: string;
  readonly domainname: string;
  readonly hostConfig: HostConfig;
  readonly config: ContainerConfig;
  readonly endpoints: Record<string, never>;
}

/** What of the networks a step needs; see the container module's words for them. */
export interface Networks {
  register(request: SandboxRequest): void;
  reserve(request: SandboxRequest): { readonly netns: unknown };
  links(id: string): PrepareRequest['links'];
  linked(id: string, netns: { pid: number }): void;
  attach(id: string, netns: { pid: number }): Promise<readonly InnerSocket[]>;
  serveNames(id: string, descriptors: readonly number[]): void;
  files(id: string): { hosts: string; resolvConf: string; hostname: string };
  detach(id: string): Promise<void>;
  release(id: string): void;
  forget(id: string): void;
}

export interface Runtime {
  prepare(request: PrepareRequest): Promise<{ pid: number }>;
  start(id: string, request: StartRequest): Promise<Started>;
  hold(id: string, sockets: readonly InnerSocket[]): Promise<number[]>;
  attach(id: string, streams: { stdin: boolean; stdout: boolean; stderr: boolean }): Promise<Duplex>;
  discard(id: string): Promise<void>;
  killAll(id: string): Promise<void>;
  place(id: string, n: number): string;
  /** Where a step finds its user namespace. */
  users(id: string): string;
  onExit(tell: (id: string, exit: ExitRecord) => void): void;
}

/** What the daemon hands in. */
export interface BuildDeps {
  readonly store: Store;
  readonly log: Log;
  readonly images: Pick<
    Images,
    | 'pull'
    | 'save'
    | 'remove'
    | 'idOf'
    | 'resolve'
    | 'get'
    | 'layersOf'
    | 'keep'
    | 'addLayer'
    | 'assemble'
    | 'removeLayers'
    | 'liveLayersOfImages'
    | 'takeLayers'
    | 'document'
    | 'pack'
    | 'openRepository'
    | 'pushDocument'
    | 'push'
    | 'layoutArchive'
  >;
  readonly content: Content;
  readonly snapshots: Pick<
    Snapshots,
    | 'has'
    | 'unpackInto'
    | 'export'
    | 'prepare'
    | 'mounts'
    | 'view'
    | 'remove'
    | 'readFromSnapshot'
    | 'hasDirectory'
    | 'compose'
    | 'digests'
    | 'commit'
    | 'prepareCommit'
    | 'copyIn'
    | 'copyOut'
    | 'find'
  >;
  readonly networks: Networks;
  readonly runtime: Runtime;
  /** `<data root>/build`: folders of contexts and of cache mounts. */
  readonly folder: string;
  /** `<exec root>/build`: what no disk should see. */
  readonly volatileFolder: string;
  /** What a request without settings stands for. */
  readonly emptyHostConfig: HostConfig;
  /** Who the users of steps are on the host (`userns-remap`). */
  readonly idMaps?: IdMaps | undefined;
  readonly emptyConfig: ContainerConfig;
  /** Throws Docker's words. */
  validateHostConfig(given: HostConfig): { hostConfig: HostConfig };
  planCgroup(container: { id: string; hostConfig: HostConfig }): CgroupRequest;
  stubSysctls(hostConfig: HostConfig): Readonly<Record<string, string>>;
  renderSpec(request: SpecRequest): { spec: OciSpec };
}

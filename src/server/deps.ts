import type { Duplex, Readable } from 'node:stream';
import type {
  AuthConfig,
  BuildArguments,
  ContainerConfig,
  ContainerJSON,
  ContainerPruneReport,
  ContainerStats,
  ContainerSummary,
  CreateRequest,
  CreateResponse,
  DiskUsage,
  DistributionInspect,
  EventMessage,
  ExecConfig,
  ExecInspect,
  ExecStartRequest,
  FilesystemChange,
  Filters,
  HistoryItem,
  ImageDeleteItem,
  ImageInspect,
  ImagePruneReport,
  ImageSummary,
  Info,
  LoginResult,
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
  NetworkResource,
  PathStat,
  Progress,
  SearchResult,
  TopResponse,
  UpdateConfig,
  Version,
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumePruneReport,
  WaitCondition,
  WaitResponse,
  WhyReport,
} from '#api';
import type { Log } from '#log';

/** What every verb may be told: the signal aborts when the client has gone. */
export interface Caller {
  readonly signal: AbortSignal;
}

/** Bytes joined to a client's connection: reads give Docker's frames, or raw bytes with a TTY; writes are stdin. */
/** Once `ready` the output may go to a socket by itself; then only last words and the end are read from the stream. */
export type SessionStream = Duplex & { deliverTo?(socket: Duplex, ready: Promise<unknown>): void };

export interface AttachedStream {
  readonly tty: boolean;
  /** `end()` on it is the end of stdin; its own end is the end of the output; `destroy()` detaches. */
  readonly stream: SessionStream;
}

export interface AttachOptions {
  readonly stream: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly logs: boolean;
  /** The bytes that detach; undefined: the daemon's default. Checked to be readable before. */
  readonly detachKeys: Uint8Array | undefined;
}

export interface LogsOptions extends Caller {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Ns since the epoch; undefined: no limit. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly timestamps: boolean;
  readonly details: boolean;
  /** How many of the last lines; undefined: all. */
  readonly tail: number | undefined;
}

/** Log bytes ready to be sent: frames, or raw bytes with a TTY. An error while reading is thrown by the iteration. */
export interface LogStream {
  readonly tty: boolean;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface StopOptions {
  readonly signal: string | undefined;
  /** Seconds; undefined: the container's own; negative: for ever. */
  readonly timeout: number | undefined;
}

export interface ListOptions {
  readonly all: boolean;
  readonly limit: number | undefined;
  readonly size: boolean;
  readonly filters: Filters;
}

/** The façade of #container, one method a route. All names are as the client gave them. */
export interface Containers {
  create(
    request: CreateRequest,
    options: { name: string; platform: string | undefined; readOnlyNonRecursive: boolean },
  ): Promise<CreateResponse>;
  list(options: ListOptions): Promise<ContainerSummary[]> | ContainerSummary[];
  inspect(name: string, options: { size: boolean }): Promise<ContainerJSON> | ContainerJSON;
  why(name: string): Promise<WhyReport>;
  start(name: string, options: { detachKeys: Uint8Array | undefined }): Promise<void>;
  stop(name: string, options: StopOptions): Promise<void>;
  restart(name: string, options: StopOptions): Promise<void>;
  kill(name: string, signal: string | undefined): Promise<void>;
  pause(name: string): Promise<void>;
  unpause(name: string): Promise<void>;
  rename(name: string, to: string): Promise<void>;
  /** Puts a container into a network, or takes it out. */
  connect(network: string, request: NetworkConnectRequest): Promise<void>;
  disconnect(network: string, request: NetworkDisconnectRequest): Promise<void>;
  /** Resolves, registered, as soon as the name is; `result` settles when the condition is met. */
  wait(
    name: string,
    condition: WaitCondition,
    caller: Caller,
  ): Promise<{ result: Promise<WaitResponse> }> | { result: Promise<WaitResponse> };
  remove(name: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void>;
  prune(filters: Filters): Promise<ContainerPruneReport>;
  logs(name: string, options: LogsOptions): Promise<LogStream>;
  attach(name: string, options: AttachOptions): Promise<AttachedStream>;
  resize(name: string, size: { height: number; width: number }): Promise<void>;
  execCreate(name: string, config: ExecConfig): Promise<{ Id: string }> | { Id: string };
  /** Throws before anything runs (unknown id, second start); later faults come in the stream. */
  execStart(id: string, options: ExecStartRequest): Promise<AttachedStream>;
  /** With `Detach`: resolves when the process runs. */
  execStartDetached(id: string, options: ExecStartRequest): Promise<void>;
  execInspect(id: string): ExecInspect | Promise<ExecInspect>;
  execResize(id: string, size: { height: number; width: number }): Promise<void>;
  /** One answer, or one a second. Throws at the call when there is no such container. */
  stats(name: string, options: Caller & { stream: boolean; oneShot: boolean }): AsyncIterable<ContainerStats>;
  top(name: string, psArgs: string): Promise<TopResponse>;
  update(name: string, config: UpdateConfig): Promise<{ Warnings: string[] | null }>;
}

/** The façade of #container for what lies in the file systems of containers. */
export interface ContainerFiles {
  statPath(name: string, path: string): Promise<PathStat>;
  /** Resolves when the path is found; an error of the archive is thrown by its stream. */
  copyOut(name: string, options: Caller & { path: string }): Promise<{ stat: PathStat; body: Readable }>;
  /** Unpacks an archive into the directory `path`. */
  copyIn(
    name: string,
    body: Readable,
    options: Caller & { path: string; keepsKinds: boolean; ownedByUser: boolean },
  ): Promise<void>;
  export(name: string, caller: Caller): Promise<Readable>;
  /** Makes an image of a container; `config` undefined: its own. */
  commit(
    name: string,
    options: Caller & {
      repo: string;
      tag: string;
      author: string;
      comment: string;
      pause: boolean;
      changes: readonly string[];
      config: ContainerConfig | undefined;
    },
  ): Promise<{ Id: string }>;
  /** In batches, none of them empty. */
  changes(name: string, caller: Caller): AsyncIterable<FilesystemChange[]>;
}

export interface ImageListOptions {
  readonly all: boolean;
  readonly filters: Filters;
  readonly sharedSize: boolean;
}

/** The façade of #image. */
/** The platform that a call names. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface Images {
  list(options: ImageListOptions): Promise<ImageSummary[]> | ImageSummary[];
  inspect(name: string, options?: { platform?: WantedPlatform }): Promise<ImageInspect> | ImageInspect;
  history(name: string, options?: { platform?: WantedPlatform }): Promise<HistoryItem[]> | HistoryItem[];
  tag(name: string, target: { repo: string; tag: string }): Promise<void> | void;
  remove(
    name: string,
    options: { force: boolean; noprune: boolean; platforms?: readonly WantedPlatform[] },
  ): Promise<ImageDeleteItem[]>;
  prune?(filters: Filters): Promise<ImagePruneReport>;
  /** `auth` is the `X-Registry-Auth` header. Throws at the call for a name that is none. */
  pull(
    name: string,
    tag: string,
    options: Caller & { platform: string; auth: string | undefined },
  ): AsyncIterable<Progress>;
  load(body: Readable, options: Caller & { quiet: boolean; platform?: WantedPlatform }): AsyncIterable<Progress>;
  /**
   * Checks what is stored, file by file when `deep`, and repairs it unless `dryRun`; the report is the last message. `auth` and
   * `registryConfig` are headers.
   */
  fsck(
    options: Caller & { dryRun: boolean; deep: boolean; auth: string | undefined; registryConfig: string | undefined },
  ): AsyncIterable<Progress>;
  /** As for a pull. */
  push(
    name: string,
    tag: string,
    options: Caller & { platform?: WantedPlatform; auth: string | undefined },
  ): AsyncIterable<Progress>;
  /** Throws before the first bytes. */
  save(names: readonly string[], options: Caller & { platform?: WantedPlatform }): AsyncIterable<Uint8Array>;
  import(body: Readable, options: Caller & ImportCall): AsyncIterable<Progress>;
  /** The same of an archive at an address. */
  importUrl(source: string, options: Caller & ImportCall): AsyncIterable<Progress>;
}

/** What an import makes of an archive. */
export interface ImportCall {
  readonly repo: string;
  readonly tag: string;
  readonly message: string;
  /** Lines of a Dockerfile. */
  readonly changes: string[];
  readonly platform: string;
}

/** What registries are asked beyond pulling and pushing; `auth` is the `X-Registry-Auth` header. */
export interface Registries {
  login(config: AuthConfig, caller: Caller): Promise<LoginResult>;
  inspect(name: string, options: Caller & { auth: string | undefined }): Promise<DistributionInspect>;
  search(
    term: string,
    options: Caller & {
      limit: number;
      isOfficial: boolean | undefined;
      isAutomated: boolean | undefined;
      stars: number;
      auth: string | undefined;
    },
  ): Promise<SearchResult[]>;
}

/** What `POST /build` asks for. */
export interface BuildOptions extends Caller, BuildArguments {
  /** The `X-Registry-Config` header. */
  readonly registryConfig: string | undefined;
}

/** What `POST /build/prune` asks for; sizes in bytes, 0: no matter. */
export interface BuildPruneOptions {
  readonly all: boolean;
  readonly reservedSpace: number;
  readonly maxUsedSpace: number;
  readonly minFreeSpace: number;
  readonly filters: Filters;
}

/** The builder. */
export interface Builds {
  build(body: Readable, options: BuildOptions): AsyncIterable<Progress>;
  cancel(id: string): void;
  prune(options: BuildPruneOptions): Promise<{ CachesDeleted: string[] | null; SpaceReclaimed: number }>;
}

/** The façade of #volume. */
export interface Volumes {
  create(request: VolumeCreateRequest): Promise<Volume> | Volume;
  get(name: string): Promise<Volume> | Volume;
  list(filters: Filters): Promise<VolumeListResponse> | VolumeListResponse;
  remove(name: string, force: boolean): Promise<void>;
  prune(filters: Filters): Promise<VolumePruneReport>;
}

/** The façade of #network. */
export interface Networks {
  list(filters: Filters): Promise<NetworkResource[]> | NetworkResource[];
  inspect(name: string, options: { verbose: boolean; scope: string }): Promise<NetworkResource> | NetworkResource;
  create(request: NetworkCreateRequest): Promise<NetworkCreateResponse>;
  remove(name: string): Promise<void>;
  prune(filters: Filters): Promise<{ NetworksDeleted: string[] | null }>;
}

/** The events of the engine; `since` and `until` in ns since the epoch. Subscribed at the call. */
export interface EventSource {
  subscribe(options: {
    since?: number;
    until?: number;
    filters?: Filters;
    signal?: AbortSignal;
  }): AsyncIterable<EventMessage>;
}

/** What the whole engine says of itself. */
export interface SystemInfo {
  version(): Version | Promise<Version>;
  info(): Info | Promise<Info>;
  /** Only the asked-for parts are filled in, the others null. */
  diskUsage(parts: ReadonlySet<DiskUsagePart>): DiskUsage | Promise<DiskUsage>;
}

export type DiskUsagePart = 'container' | 'image' | 'volume' | 'build-cache';

/** A request as authorization plugins are shown it; header names as Go writes them, certificates in PEM. */
export interface RequestFacts {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly user: string;
  readonly certificates: readonly string[];
}

/** Decides who may do what; both throw when they do not allow it. */
export interface Authorizer {
  request(facts: RequestFacts): Promise<void>;
  response(
    facts: RequestFacts,
    answer: { status: number; headers: Readonly<Record<string, string>>; body: Uint8Array | undefined },
  ): Promise<void>;
}

/** BuildKit's clients, over connections that have left HTTP/1. */
export interface BuildConnections {
  /** The client calls us; resolves when the connection has ended. */
  serve(connection: Duplex): Promise<void>;
  /** We call the client; `values` gives the values of a head's name. */
  attachSession(connection: Duplex, values: (name: string) => readonly string[]): Promise<void>;
}

/** All that the server serves. */
export interface ServerDeps {
  readonly containers: Containers;
  readonly files: ContainerFiles;
  readonly images: Images;
  readonly registries: Registries;
  readonly builds: Builds;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly events: EventSource;
  readonly system: SystemInfo;
  readonly buildConnections: BuildConnections;
  /** Asked for each call, because it may change while we serve; undefined: whoever reaches us may do all. */
  readonly authorizer?: () => Authorizer | undefined;
  readonly log: Log;
}

import type { Duplex, Writable } from 'node:stream';
import type {
  BlkioEntry,
  ContainerConfig,
  CpuStats,
  EndpointSettings,
  GraphDriver,
  HostConfig,
  MemoryStats,
  NetworkSettings,
  NetworkStats,
  UpdateConfig,
} from '#api';
import type { CommitRequest } from '#image';
import type { Log } from '#log';
import type { LogFile, LogSubject } from '#logging';
import type { IdMaps, Mount, OciProcess, OciResources, OciSpec } from '#oci';
import type { CgroupRequest, PlacedMount, SandboxLinks, UserNamespace } from '#runtime';
import type { CopyIn, CopyOut, Found, Unplaced, View } from '#snapshot';
import type { Store } from '#store';
import type { ImageDefaults } from './merge.ts';
import type { ExecSpecRequest, SpecRequest } from './spec-request.ts';

export type { Bind, CopyRules, Found, Holder, View } from '#snapshot';
export type { ExecSpecRequest, SpecRequest } from './spec-request.ts';

/** What this module needs of an image. */
export interface ImageRecord {
  readonly id: string;
  readonly config: { readonly os?: string; readonly architecture?: string; readonly config?: ImageDefaults | null };
  /** Chain ids, base first. */
  readonly layers: readonly string[];
  readonly repoTags: readonly string[];
  /** Bytes of all unpacked layers. */
  readonly size: number;
}

export interface Images {
  /** Throws Docker's "No such image". */
  resolve(name: string): ImageRecord;
  /** A container of this image is gone: an image that was kept for it alone goes too. */
  released(id: string): Promise<void>;
  /** Makes an image of another one and a new layer; its id. */
  commit(request: CommitRequest): Promise<string>;
  /** What lines of a Dockerfile make of a config. */
  applyChanges(changes: readonly string[], config: ContainerConfig): ContainerConfig;
  /** By full id, also one that only a container keeps; undefined when it is gone. */
  get(id: string): ImageRecord | undefined;
}

export interface Snapshots {
  prepare(
    key: string,
    parents: string[],
    options?: { marks?: readonly string[]; size?: number | undefined },
  ): Promise<void>;
  mounts(key: string): { cwd: string; mounts: Mount[] };
  /** How these layers (base first) are mounted to be only read; names are relative to `cwd`. */
  view(layers: readonly string[]): { cwd: string; mount: Mount };
  remove(key: string): Promise<void>;
  /** Takes a folder on the same file system out of sight; it is deleted later. Throws EXDEV for one on another. */
  discardFolder(path: string): void;
  usage(key: string): Promise<{ size: number; inodes: number }>;
  readFromSnapshot(key: string, path: string, limitBytes: number): Promise<Buffer | undefined>;
  /** Fills a volume's folder with what the container's tree has at `path`; nothing there is success. */
  copyUp(key: string, path: string, destination: string): Promise<void>;
  /** What stands at an absolute path, a link at its end not followed; not-found when there is nothing. */
  find(key: string, path: string, view: View): Promise<Found>;
  copyOut(key: string, request: CopyOut, options: { signal: AbortSignal }): Promise<void>;
  copyIn(key: string, request: Omit<CopyIn, 'limits'>, options: { signal: AbortSignal }): Promise<void>;
  /** All files as an archive, without what is mounted. */
  export(key: string, view: View, output: Writable, options: { signal: AbortSignal }): Promise<void>;
  /** Writes the changes as a layer; it comes back unpacked. */
  commit(key: string, output: Writable, options: { signal: AbortSignal }): Promise<Unplaced>;
  /** The digit of a kind, a path, NUL; and so on. */
  changes(key: string, output: Writable, options: { signal: AbortSignal }): Promise<void>;
  /** Whether the container's tree has a directory there. */
  hasDirectory(key: string, path: string): boolean;
  sweep(liveContainerIds: Set<string>, liveChainIds: Set<string>): Promise<string[]>;
}

export interface Volumes {
  /** Joins the caller's transaction; an existing one of that name is returned. */
  create(
    request: { Name?: string; Driver: string; DriverOpts: Record<string, string>; Labels: Record<string, string> },
    options?: { anonymous?: boolean },
  ): { Name: string; Driver: string };
  exists(name: string): boolean;
  path(name: string): string;
  /** Whether {@link mount} has to come before its use. */
  needsMount(name: string): boolean;
  /** Mounts what its options name on its folder, where it stays at least until the result is disposed of. */
  mount(name: string): Promise<Disposable>;
  /** Takes off what is mounted for nobody any more. */
  unmountUnused(isUsed: (name: string) => boolean): Promise<void>;
  remove(name: string, force: boolean): Promise<void> | void;
}

export interface SandboxRequest {
  readonly containerId: string;
  readonly name: string;
  readonly hostname: string;
  readonly domainname: string;
  readonly hostConfig: HostConfig;
  readonly config: ContainerConfig;
  readonly endpoints: Record<string, EndpointSettings>;
}

export interface PortSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  readonly hostPort: number;
  readonly target: { readonly ip: string; readonly port: number };
}

export interface Reservation {
  readonly netns: 'private' | 'host' | 'none' | { readonly container: string };
  readonly sockets: readonly PortSocket[];
}

/** The network that a container left; its id is '' when it is not there any more. */
export interface LeftNetwork {
  readonly name: string;
  readonly networkId: string;
}

/** A socket in a container's network namespace. */
export interface InnerSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}

export interface Networks {
  /** Refuses at create what Docker refuses then; gives its warnings. */
  validate(request: SandboxRequest): readonly string[];
  /** Synchronous, in the caller's transaction. */
  reserve(request: SandboxRequest): Reservation;
  /** Says which sockets {@link serveNames} needs: none where there are no names. */
  attach(containerId: string, netns: { pid: number }): Promise<readonly InnerSocket[]>;
  /** The process that holds a sandbox's namespace from now on. */
  inhabited(containerId: string, process: { readonly pid: number }): void;
  /**
   * Puts a place in a network on record, or off it; both in the caller's transaction and with Docker's errors. The others
   * make it true for a container that runs.
   */
  join(
    request: SandboxRequest,
    joining: { readonly network: string; readonly asked: Partial<EndpointSettings>; readonly isRunning: boolean },
  ): void;
  connect(containerId: string, network: string): Promise<readonly InnerSocket[]>;
  leave(request: SandboxRequest, leaving: { readonly network: string; readonly isRunning: boolean }): LeftNetwork;
  disconnect(containerId: string, left: LeftNetwork): Promise<void>;
  isAbsentBridge(name: string): boolean;
  nameSockets(containerId: string): readonly InnerSocket[];
  /** Takes over the descriptors of those sockets; until {@link detach}. */
  serveNames(containerId: string, descriptors: readonly number[]): void;
  /** What {@link attach} would do, for whoever makes the namespace; undefined where that is not all. */
  links(containerId: string): SandboxLinks | undefined;
  /** The links are made: as {@link attach} from now on. */
  linked(containerId: string, netns: { pid: number }): void;
  files(containerId: string): { hosts: string; resolvConf: string; hostname: string };
  detach(containerId: string): Promise<void>;
  /** Synchronous, in the caller's transaction; before or after {@link detach}. */
  release(containerId: string): void;
  /** What a new container asks for, kept until {@link forget}; both in the caller's transaction. */
  register(request: SandboxRequest): void;
  forget(containerId: string): void;
  /** In the caller's transaction. */
  rename(containerId: string, name: string): void;
  settings(containerId: string): NetworkSettings;
  /** The error of a start whose monitor could not listen on a socket; `code` is the kernel's. */
  portError(containerId: string, socket: PortSocket, code: string): Error;
  /** The containers that have published a port of the host. */
  portHolders(protocol: string, hostPort: number): string[];
  /** The containers that are up by the records, each with its process if that lives. */
  recover(live: ReadonlyMap<string, number | undefined>): Promise<void>;
}

export interface PrepareRequest {
  readonly id: string;
  readonly runtime: string;
  readonly rootfs: { cwd: string; mounts: Mount[] };
  readonly netns: 'new' | 'host' | { pid: number };
  readonly cgroup: CgroupRequest;
  readonly log: {
    readonly path: string;
    readonly maxSize: number;
    readonly maxFile: number;
    /** Of each line (`labels`, `env`, `tag` of the log options). */
    readonly attributes: Readonly<Record<string, string>>;
  } | null;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  /** Sources of binds that must stay peers of the host's mounts. */
  readonly sharedSources: readonly string[];
  /** Written by its stub in the new network namespace: file to value. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** What its runtime finds at {@link Runtime.place}. */
  readonly placed?: readonly PlacedMount[];
  /** Its spec names it by {@link Runtime.users}. */
  readonly userns?: UserNamespace | undefined;
  /** Bytes of shared memory that others may bind, see {@link Runtime.shm}. */
  readonly shmSize?: number;
  /** With `netns: 'new'`: the interfaces that it gets, loopback included; undefined: only its loopback. */
  readonly links: SandboxLinks | undefined;
}

/** A process with its place in time. */
export interface Started {
  readonly pid: number;
  readonly startTime: number;
  readonly bootId: string;
}

export interface ExitRecord {
  readonly exitCode: number;
  readonly signal?: number;
  readonly oomKilled: boolean;
  readonly finishedAt: string;
  readonly startedAt?: string;
}

/** What the machine says about one monitor at start of the daemon. */
export interface Observed {
  readonly id: string;
  readonly monitorAlive: boolean;
  readonly started?: Started;
  readonly startedAt?: string;
  readonly exit?: ExitRecord;
}

export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** A process' streams. With `deliverTo` they wait until it was called: the output may go to a client's socket without us. */
export type Attached = Duplex & { deliverTo?(client: Duplex | undefined): void };

/** The counters of a container at one moment; `limit` of memory may be the kernel's largest number. */
export interface Sample {
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly pids: { readonly current: number; readonly limit: number | 'max' };
  readonly blkio: { readonly bytes: BlkioEntry[] | null; readonly operations: BlkioEntry[] | null };
  readonly networks: Readonly<Record<string, NetworkStats>>;
}

export interface Rendered {
  readonly spec: OciSpec;
  readonly cgroup: CgroupRequest;
  readonly warnings: readonly string[];
}

/** What `update` can change of a HostConfig, besides the restart policy. */
export type Resources = Omit<UpdateConfig, 'RestartPolicy'>;

export interface Size {
  readonly height: number;
  readonly width: number;
}

export interface ExecRequest extends Streams {
  readonly execId: string;
  readonly tty: boolean;
  readonly process: OciProcess;
}

/** What logs are beyond the files that monitors write. */
export interface Logging {
  /** Throws Docker's words when there is no plugin of this name that takes logs. */
  assertPlugin(driver: string): Promise<void>;
  /** Brings what is written until `over` settles to the driver's sink, and compresses what was rotated. */
  care(subject: LogSubject, file: LogFile, over: Promise<unknown>): void;
  /** Waits a moment for what is not delivered, before the files go. */
  release(id: string): Promise<void>;
}

export interface Runtime {
  prepare(request: PrepareRequest): Promise<{ pid: number }>;
  start(id: string, request: { spec: OciSpec; sockets: readonly PortSocket[] }): Promise<Started>;
  /** Descriptors of sockets that the monitor holds, and opens if need be. */
  hold(id: string, sockets: readonly InnerSocket[]): Promise<number[]>;
  discard(id: string): Promise<void>;
  /** Where the runtime of a container finds the n-th of its `placed` mounts. */
  place(id: string, n: number): string;
  /** Where a container's runtime finds the user namespace of a sandbox. */
  users(id: string): string;
  /** Where the shared memory of a container prepared with `shmSize` is mounted. */
  shm(id: string): string;
  signal(id: string, signo: number): Promise<void> | void;
  killAll(id: string): Promise<void>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** Throws and leaves the old limits when the kernel refuses one. */
  update(id: string, change: { from: OciResources; to: OciResources }): Promise<void>;
  sample(id: string, options: { hasNetwork: boolean }): Promise<Sample>;
  /** What the host's `ps` prints with these words, and which pids are the container's. */
  top(id: string, words: readonly string[]): Promise<{ pids: readonly number[]; output: string }>;
  attach(id: string, streams: Streams & { readonly direct?: boolean }): Promise<Attached>;
  resize(id: string, size: Size): Promise<void> | void;
  /** Begins what an exec needs that is likely to be started soon. */
  prepareExec(id: string, request: Pick<ExecRequest, 'execId' | 'tty' | 'stdin'>): void;
  exec(id: string, request: ExecRequest): Promise<{ pid: number }>;
  attachExec(id: string, execId: string, streams: Streams & { readonly direct?: boolean }): Promise<Attached>;
  resizeExec(id: string, execId: string, size: Size): Promise<void> | void;
  onExit(tell: (id: string, exit: ExitRecord) => void): void;
  onExecExit(tell: (id: string, execId: string, exitCode: number) => void): void;
  onOom(tell: (id: string) => void): void;
  observe(): Promise<Observed[]>;
  /** Where the stub of a sandbox has the root file system, in its own mount namespace. */
  rootfs(id: string): string;
}

/** Settings of the daemon that concern containers. */
export interface ContainerSettings {
  /** `<data root>/containers`. */
  readonly folder: string;
  readonly runtimes: readonly string[];
  readonly defaultRuntime: string;
  readonly logDriver: string;
  /** `log-opts` of daemon.json. */
  readonly logOptions: Readonly<Record<string, string>>;
  /** In force when neither the container nor daemon.json gives options. */
  readonly logDefaults: Readonly<Record<string, string>>;
  readonly stopTimeout: number;
  /** The host's own, for containers in its network namespace. */
  readonly hostname: string;
  /** What a request without HostConfig stands for: Go's zero value. */
  readonly emptyHostConfig: HostConfig;
  /** Whose ids containers have that do not ask for the host's users; undefined: the host's. */
  readonly idMaps?: IdMaps | undefined;
  /** Name of the storage driver, for inspect. */
  readonly driver: string;
}

/** What the daemon hands in. */
export interface Deps {
  readonly store: Store;
  readonly events: {
    record(type: string, action: string, actor: { ID: string; Attributes: Record<string, string> }): void;
  };
  readonly log: Log;
  readonly images: Images;
  readonly snapshots: Snapshots;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly runtime: Runtime;
  readonly logging: Logging;
  readonly settings: ContainerSettings;
  /** Pure: the cgroup of {@link renderSpec}, known before the rest. Throws what Docker says at start. */
  /** The AppArmor profile it runs under; undefined where there is no AppArmor. */
  apparmorProfile(hostConfig: HostConfig): string | undefined;
  /** The sysctls that its stub sets, by file, where its runtime does not. */
  stubSysctls(hostConfig: HostConfig): Readonly<Record<string, string>>;
  planCgroup(container: { id: string; hostConfig: HostConfig }): CgroupRequest;
  /** Pure: the spec, the cgroup, and what the host cannot do. Throws what Docker says at start. */
  renderSpec(request: SpecRequest): Rendered;
  /** The process of an exec in a container with this spec. Throws what Docker says for an unknown user. */
  renderExec(request: ExecSpecRequest): OciProcess;
  /** Refuses at create what Docker refuses; gives the HostConfig of inspect, and what this host cannot do. */
  validateHostConfig(given: HostConfig): { hostConfig: HostConfig; warnings: readonly string[] };
  /** The same for `update`, whose fields are all optional. */
  validateUpdate(given: UpdateConfig): { resources: Resources; warnings: readonly string[] };
  /** The limits that a HostConfig stands for. */
  renderResources(hostConfig: HostConfig): OciResources;
  graphDriver(id: string): GraphDriver;
}

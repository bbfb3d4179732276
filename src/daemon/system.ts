import { randomUUID } from 'node:crypto';
import { readdirSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { BuildCacheItem, ContainerSummary, DiskUsage, Filters, ImageSummary, Info, Version, Volume } from '#api';
import { API_VERSION, DOCKER_VERSION, formatTime, MIN_API_VERSION, nowText } from '#api';
import type { CacheRecord } from '#build';
import type { ListQuery } from '#image';
import type { HostFacts, RuntimeInfo } from '#runtime';
import { hostArchitecture, hostWarnings } from '#runtime';
import type { Store } from '#store';
import type { DaemonConfig } from './config.ts';
import { registryInfo } from './registry-info.ts';
import { BUILD_TIME, GANTRY_VERSION } from './version.ts';

/** What `/info`, `/version` and `/system/df` ask of the rest of the engine. */
export interface SystemDeps {
  /** As it is now: a reload changes it. */
  readonly config: () => DaemonConfig;
  readonly engineId: string;
  readonly facts: () => HostFacts;
  readonly runtime: () => Promise<RuntimeInfo>;
  readonly driver: string;
  readonly containers: {
    counts(): { total: number; running: number; paused: number; stopped: number };
    list(options: { all: boolean; limit: undefined; size: boolean; filters: Filters }): Promise<ContainerSummary[]>;
  };
  readonly images: { list(query?: ListQuery): ImageSummary[]; layersSize(): number };
  readonly volumes: { usage(): Promise<Volume[]> };
  readonly builder: { diskUsage(): CacheRecord[] };
  readonly logging: { drivers(): Promise<string[]> };
  readonly listeners: () => number;
}

const API = { ApiVersion: API_VERSION, MinAPIVersion: MIN_API_VERSION } as const;

/** Facts about the engine as a whole, in the API's shapes. */
export class SystemInfo {
  readonly #deps: SystemDeps;

  constructor(deps: SystemDeps) {
    this.#deps = deps;
  }

  async version(): Promise<Version> {
    const { defaultRuntime, version, commit } = await this.#deps.runtime();
    const { kernelVersion } = this.#deps.facts();
    const engine = {
      ...API,
      GitCommit: GANTRY_VERSION,
      GoVersion: `node${process.versions.node}`,
      Os: 'linux',
      Arch: hostArchitecture(),
      KernelVersion: kernelVersion,
      BuildTime: BUILD_TIME,
    };
    const components = [
      { Name: 'Engine', Version: DOCKER_VERSION, Details: { ...engine, Experimental: 'false' } },
      { Name: 'gantry', Version: GANTRY_VERSION, Details: { GitCommit: '' } },
      { Name: defaultRuntime, Version: version, Details: { GitCommit: commit } },
    ];
    return { Platform: { Name: 'Gantry' }, Components: components, Version: DOCKER_VERSION, ...engine };
  }

  async info(): Promise<Info> {
    const { engineId, driver, containers, images, logging, listeners } = this.#deps;
    const config = this.#deps.config();
    const facts = this.#deps.facts();
    const { total, running, paused, stopped } = containers.counts();
    const { runtimes, defaultRuntime, commit } = await this.#deps.runtime();
    return {
      ID: engineId,
      Containers: total,
      ContainersRunning: running,
      ContainersPaused: paused,
      ContainersStopped: stopped,
      Images: images.list().length,
      Driver: driver,
      DriverStatus: [
        ['Backing Filesystem', backingFilesystem(config.dataRoot)],
        ['Supports d_type', 'true'],
        ['Using metacopy', 'false'],
        ['Native Overlay Diff', 'true'],
        ['userxattr', 'true'],
      ],
      Plugins: {
        Volume: ['local'],
        Network: ['bridge', 'host', 'null'],
        Authorization: orNull(config.authorizationPlugins),
        Log: await logging.drivers(),
      },
      ...limits(facts),
      Debug: config.debug,
      NFd: readdirSync('/proc/self/fd').length,
      NGoroutines: readdirSync('/proc/self/task').length,
      SystemTime: nowText(),
      LoggingDriver: config.containers.logDriver,
      CgroupDriver: facts.cgroupDriver,
      CgroupVersion: String(facts.cgroupVersion),
      NEventsListener: listeners(),
      KernelVersion: facts.kernelVersion,
      OperatingSystem: facts.operatingSystem,
      OSVersion: facts.osVersion,
      OSType: 'linux',
      Architecture: facts.machine,
      ...registryInfo(config.registry),
      NCPU: facts.cpuCount,
      MemTotal: facts.memoryTotal,
      GenericResources: orNull(config.genericResources),
      DockerRootDir: config.dataRoot,
      HttpProxy: masked(config.proxies.http),
      HttpsProxy: masked(config.proxies.https),
      NoProxy: config.proxies.none,
      Name: hostname(),
      Labels: [...config.labels],
      ExperimentalBuild: false,
      ServerVersion: DOCKER_VERSION,
      Runtimes: Object.fromEntries(Object.entries(runtimes).map(([name, { path }]) => [name, { path }])),
      DefaultRuntime: defaultRuntime,
      Swarm: {
        NodeID: '',
        NodeAddr: '',
        LocalNodeState: 'inactive',
        ControlAvailable: false,
        Error: '',
        RemoteManagers: null,
      },
      LiveRestoreEnabled: true,
      Isolation: '',
      InitBinary: 'gantry-init',
      ContainerdCommit: { ID: '' },
      RuncCommit: { ID: commit },
      InitCommit: { ID: '' },
      SecurityOptions: securityOptions(facts.securityOptions, config.usernsRemap !== undefined),
      FirewallBackend: { Driver: 'nftables' },
      CDISpecDirs: [...config.cdiFolders],
      Warnings: orNull(hostWarnings(facts)),
    };
  }

  /** Parts that were not asked for are null. */
  async diskUsage(parts: ReadonlySet<'container' | 'image' | 'volume' | 'build-cache'>): Promise<DiskUsage> {
    const { containers, images, volumes, builder } = this.#deps;
    return {
      LayersSize: parts.has('image') ? images.layersSize() : 0,
      Images: parts.has('image') ? images.list({ sharedSize: true, containers: true }) : null,
      Containers: parts.has('container')
        ? await containers.list({ all: true, limit: undefined, size: true, filters: {} })
        : null,
      Volumes: parts.has('volume') ? await volumes.usage() : null,
      BuildCache: parts.has('build-cache') ? builder.diskUsage().map(cacheItem) : null,
    };
  }
}

function cacheItem({ id, parents, type, description, inUse, shared, ...rest }: CacheRecord): BuildCacheItem {
  const timeText = (ms: number) => formatTime(BigInt(ms) * 1_000_000n);
  return {
    ID: id,
    ...(parents.length > 0 && { Parents: [...parents] }),
    Type: type,
    Description: description,
    InUse: inUse,
    Shared: shared,
    Size: rest.size,
    CreatedAt: timeText(rest.createdAt),
    LastUsedAt: rest.lastUsedAt === undefined ? null : timeText(rest.lastUsedAt),
    UsageCount: rest.usageCount,
  };
}

/** Docker's names of file systems by the kernel's numbers (statfs(2)). */
const FILESYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'extfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'],
  [0x6969, 'nfs'],
]);

const backingFilesystem = (path: string): string => FILESYSTEMS.get(statfsSync(path).type) ?? '<unknown>';

function limits(facts: HostFacts) {
  return {
    MemoryLimit: facts.memoryLimit,
    SwapLimit: facts.swapLimit,
    ...(facts.kernelMemoryTcp ? { KernelMemoryTCP: true } : {}),
    CpuCfsPeriod: facts.cpuCfs,
    CpuCfsQuota: facts.cpuCfs,
    CPUShares: facts.cpuShares,
    CPUSet: facts.cpuset,
    PidsLimit: facts.pidsLimit,
    IPv4Forwarding: facts.ipv4Forwarding,
    OomKillDisable: facts.oomKillDisable,
  };
}

/** Docker: the password and name in a proxy's URL are not shown. */
function masked(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1xxxxx:xxxxx@');
}

const orNull = <T>(items: readonly T[]): T[] | null => (items.length > 0 ? [...items] : null);

/** The engine's id, made at its first start and kept in its database. */
export function engineId(store: Store): string {
  const known = store.prepare("SELECT value FROM engine WHERE key = 'id'").get()?.value;
  if (typeof known === 'string') return known;
  const id = randomUUID();
  store.tx(() => store.prepare("INSERT INTO engine (key, value) VALUES ('id', ?)").run(id));
  return id;
}

/** Docker's order: that of users comes before that of cgroups. */
function securityOptions(options: readonly string[], isRemapped: boolean): string[] {
  if (!isRemapped) return [...options];
  const [last, others] = [
    options.filter((option) => option === 'name=cgroupns'),
    (option: string) => option !== 'name=cgroupns',
  ];
  return [...options.filter(others), 'name=userns', ...last];
}

import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ContainerSummary, DiskUsage, ImageSummary, Info, RuntimeInfo, Version, Volume } from '#api';
import { API_VERSION, DOCKER_VERSION, MIN_API_VERSION } from '#api';
import type { HostFacts } from '#runtime';
import { hostArchitecture, hostWarnings } from '#runtime';
import type { Store } from '#store';
import type { DaemonConfig } from './config.ts';
import { GANTRY_VERSION } from './version.ts';

/** What `/info`, `/version` and `/system/df` ask of the rest of the engine. */
export interface SystemDeps {
  readonly config: DaemonConfig;
  readonly engineId: string;
  readonly facts: () => HostFacts;
  readonly runtimes: Readonly<Record<string, { path: string; version: string }>>;
  readonly driver: string;
  readonly containers: { list(options: { size: boolean }): Promise<ContainerSummary[]> };
  readonly images: { list(options: { sharedSize: boolean }): Promise<ImageSummary[]>; layersSize(): number };
  readonly volumes: { list(): Promise<Volume[]> };
  readonly listeners: () => number;
}

const API = { ApiVersion: API_VERSION, MinAPIVersion: MIN_API_VERSION } as const;

/** Facts about the engine as a whole, in the API's shapes. */
export class SystemInfo {
  readonly #deps: SystemDeps;

  constructor(deps: SystemDeps) {
    this.#deps = deps;
  }

  version(): Version {
    const { facts, runtimes, config } = this.#deps;
    const runtime = runtimes[config.defaultRuntime];
    const { kernelVersion } = facts();
    const engine = {
      ...API,
      GitCommit: GANTRY_VERSION,
      GoVersion: `node${process.versions.node}`,
      Os: 'linux',
      Arch: hostArchitecture(),
      KernelVersion: kernelVersion,
    };
    const components = [
      { Name: 'Engine', Version: DOCKER_VERSION, Details: { ...engine, Experimental: 'false' } },
      { Name: 'gantry', Version: GANTRY_VERSION, Details: { GitCommit: '' } },
      { Name: config.defaultRuntime, Version: runtime?.version ?? '', Details: { GitCommit: '' } },
    ];
    return { Platform: { Name: 'Gantry' }, Components: components, Version: DOCKER_VERSION, ...engine };
  }

  async info(): Promise<Info> {
    const { config, engineId, driver, containers, images, listeners } = this.#deps;
    const facts = this.#deps.facts();
    const counts = countStates(await containers.list({ size: false }));
    return {
      ID: engineId,
      ...counts,
      Images: (await images.list({ sharedSize: false })).length,
      Driver: driver,
      DriverStatus: [
        ['Supports d_type', 'true'],
        ['userxattr', 'true'],
      ],
      Plugins: {
        Volume: ['local'],
        Network: ['bridge', 'host', 'null'],
        Authorization: null,
        Log: ['json-file', 'none'],
      },
      ...limits(facts),
      Debug: config.logLevel === 'debug',
      NFd: readdirSync('/proc/self/fd').length,
      NGoroutines: readdirSync('/proc/self/task').length,
      SystemTime: new Date().toISOString(),
      LoggingDriver: config.containers.logDriver,
      CgroupDriver: facts.cgroupDriver,
      CgroupVersion: String(facts.cgroupVersion),
      NEventsListener: listeners(),
      KernelVersion: facts.kernelVersion,
      OperatingSystem: facts.operatingSystem,
      OSVersion: facts.osVersion,
      OSType: 'linux',
      Architecture: facts.machine,
      ...REGISTRY,
      NCPU: facts.cpuCount,
      MemTotal: facts.memoryTotal,
      GenericResources: null,
      DockerRootDir: config.dataRoot,
      HttpProxy: '',
      HttpsProxy: '',
      NoProxy: '',
      Name: hostname(),
      Labels: [...config.labels],
      ExperimentalBuild: false,
      ServerVersion: DOCKER_VERSION,
      Runtimes: this.#runtimes(),
      DefaultRuntime: config.defaultRuntime,
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
      RuncCommit: { ID: '' },
      InitCommit: { ID: '' },
      SecurityOptions: [...facts.securityOptions],
      FirewallBackend: { Driver: 'nftables' },
      CDISpecDirs: [],
      Warnings: orNull(hostWarnings(facts)),
    };
  }

  /** Parts that were not asked for are null. */
  async diskUsage(parts: ReadonlySet<'container' | 'image' | 'volume' | 'build-cache'>): Promise<DiskUsage> {
    const { containers, images, volumes } = this.#deps;
    return {
      LayersSize: parts.has('image') ? images.layersSize() : 0,
      Images: parts.has('image') ? await images.list({ sharedSize: true }) : null,
      Containers: parts.has('container') ? await containers.list({ size: true }) : null,
      Volumes: parts.has('volume') ? await volumes.list() : null,
      BuildCache: parts.has('build-cache') ? [] : null,
    };
  }

  #runtimes(): Record<string, RuntimeInfo> {
    return Object.fromEntries(Object.entries(this.#deps.runtimes).map(([name, { path }]) => [name, { path }]));
  }
}

function countStates(containers: readonly ContainerSummary[]) {
  const count = (...states: string[]) => containers.filter(({ State }) => states.includes(State)).length;
  const running = count('running', 'restarting');
  const paused = count('paused');
  return {
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: containers.length - running - paused,
  };
}

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

const REGISTRY = {
  IndexServerAddress: 'https://index.docker.io/v1/',
  RegistryConfig: {
    IndexConfigs: { 'docker.io': { Mirrors: [], Name: 'docker.io', Official: true, Secure: true } },
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8'],
    Mirrors: null,
  },
};

const orNull = <T>(items: readonly T[]): T[] | null => (items.length > 0 ? [...items] : null);

/** The engine's id, made at its first start and kept in its database. */
export function engineId(store: Store): string {
  const known = store.prepare("SELECT value FROM engine WHERE key = 'id'").get()?.value;
  if (typeof known === 'string') return known;
  const id = randomUUID();
  store.tx(() => store.prepare("INSERT INTO engine (key, value) VALUES ('id', ?)").run(id));
  return id;
}

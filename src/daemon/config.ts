import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import type { LogFormat, LogLevel } from '#log';
import { checkOptions } from '#logging';
import type { RegistryConfig } from '#registry';
import { isRuncShim } from '#runtime';
import type { TlsPaths } from '#server';
import { ConfigError, readConfigFile } from './config-file.ts';
import type { KeyName, Settings } from './config-keys.ts';
import { flagOf } from './config-keys.ts';
import type { GenericResource, RegistrySettings } from './config-values.ts';
import {
  atLeastZero,
  defaultBridge,
  ipAddress,
  oneOf,
  parseSize,
  storageSize,
  tlsPaths,
  toGenericResources,
  toHostGateways,
  toLabels,
  toMetricsAddress,
  toNetworkOptions,
  toProxies,
  toRegistryServer,
  toRegistrySettings,
} from './config-values.ts';
import type { Flags } from './flags.ts';
import { listenAddress } from './listen-address.ts';

export const DEFAULT_CONFIG_FILE = '/etc/gantry/daemon.json';
export const DEFAULT_DATA_ROOT = '/var/lib/gantry';
export const DOCKER_SOCKET = '/var/run/docker.sock';

/** Everything that gantryd was told, checked, with defaults filled in. Sizes in bytes, times in seconds. */
export interface DaemonConfig {
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly hosts: readonly string[];
  /** The default engine also serves Docker's socket while nobody else owns it. */
  readonly takesDockerSocket: boolean;
  readonly group: string;
  readonly insecureTcp: boolean;
  readonly pidfile: string;
  readonly debug: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** With it every `tcp://` speaks TLS. */
  readonly tls: TlsPaths | undefined;
  readonly authorizationPlugins: readonly string[];
  /** `host:port` of the metrics; undefined: they are not served. */
  readonly metricsAddress: { readonly host: string; readonly port: number } | undefined;
  readonly genericResources: readonly GenericResource[];
  readonly features: Readonly<Record<string, boolean>>;
  /** Where devices are described (CDI); empty when `features` switches that off. */
  readonly cdiFolders: readonly string[];
  readonly registry: RegistrySettings;
  /** The registry that the daemon serves. */
  readonly registryServer: RegistryConfig | undefined;
  readonly proxies: Readonly<Record<'http' | 'https' | 'none', string>>;
  readonly liveRestore: boolean;
  readonly labels: readonly string[];
  readonly bridge: {
    /** There is no default bridge. */
    readonly isAbsent: boolean;
    readonly bip: string | undefined;
    readonly bip6: string | undefined;
    readonly fixedCidr: string | undefined;
    readonly fixedCidr6: string | undefined;
    readonly defaultGateway: string | undefined;
    readonly defaultGateway6: string | undefined;
    readonly ipv6: boolean;
    readonly mtu: number | undefined;
    readonly icc: boolean;
    readonly ipMasq: boolean;
    readonly ipForward: boolean;
    readonly firewall: boolean;
    readonly defaultHostIp: string;
    readonly pools: readonly { base: string; size: number }[] | undefined;
    /** Driver options of new bridge networks. */
    readonly networkOptions: Readonly<Record<string, string>>;
    readonly hostGatewayIps: readonly string[];
  };
  readonly dns: {
    readonly servers: readonly string[];
    readonly options: readonly string[];
    readonly search: readonly string[];
  };
  readonly containers: {
    readonly cgroupParent: string | undefined;
    readonly cgroupDriver: 'systemd' | 'cgroupfs' | undefined;
    readonly cgroupnsMode: string | undefined;
    readonly ipcMode: string | undefined;
    readonly pidsLimit: number;
    readonly shmSize: number;
    readonly ulimits: readonly { Name: string; Soft: number; Hard: number }[];
    readonly init: boolean;
    readonly initPath: string | undefined;
    readonly noNewPrivileges: boolean;
    readonly seccompProfile: string | undefined;
    readonly logDriver: string;
    readonly logOpts: Readonly<Record<string, string>>;
  };
  readonly runtimes: Readonly<Record<string, { path: string; runtimeArgs?: readonly string[] }>>;
  readonly defaultRuntime: string;
  readonly storageDriver: 'overlay2' | 'native' | undefined;
  /** Bytes that a container may write unless it says otherwise. */
  readonly storageSize: number | undefined;
  /** As given; undefined: containers have the host's users. */
  readonly usernsRemap: string | undefined;
  readonly shutdownTimeout: number;
}

/** Reads the configuration file that the flags name (or the default one) and joins both. */
export function loadConfig(flags: Flags): DaemonConfig {
  const path = flags.configFile ?? DEFAULT_CONFIG_FILE;
  const file = readConfigFile(path, { required: flags.configFile !== undefined });
  return toConfig(joinSettings(file, flags.settings), flags.insecureTcp);
}

/** Docker: a setting given as a flag and in the file is refused, even with the same value. */
export function joinSettings(file: Settings, flags: Settings): Settings {
  const twice = (Object.keys(flags) as KeyName[]).filter((name) => Object.hasOwn(file, name));
  if (twice.length > 0) {
    const each = twice.map(
      (name) => `${flagOf(name)}: (from flag: ${show(flags[name])}, from file: ${show(file[name])})`,
    );
    throw new ConfigError(
      `the following directives are specified both as a flag and in the configuration file: ${each.join(', ')}`,
    );
  }
  return { ...file, ...flags };
}

const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Checks values beyond their type and fills in the defaults. */
export function toConfig(given: Settings, insecureTcp: boolean, environment = process.env): DaemonConfig {
  const text = (name: KeyName) => given[name] as string | undefined;
  const yes = (name: KeyName, otherwise: boolean) => (given[name] as boolean | undefined) ?? otherwise;
  const list = (name: KeyName) => (given[name] as string[] | undefined) ?? [];
  const dataRoot = absolute('data-root', text('data-root') ?? DEFAULT_DATA_ROOT);
  const execRoot = absolute('exec-root', text('exec-root') ?? '/run/gantry');
  refuse(given);
  return {
    dataRoot,
    execRoot,
    hosts: list('hosts').length > 0 ? list('hosts').map(listenAddress) : [`unix://${execRoot}/gantry.sock`],
    takesDockerSocket: dataRoot === DEFAULT_DATA_ROOT && list('hosts').length === 0,
    group: text('group') ?? '',
    insecureTcp,
    pidfile: text('pidfile') ?? `${execRoot}/gantryd.pid`,
    debug: yes('debug', false),
    logLevel: logLevel(text('log-level'), yes('debug', false)),
    logFormat: (oneOf('log-format', text('log-format'), ['text', 'json']) ?? 'json') as LogFormat,
    tls: tlsPaths(given, environment),
    authorizationPlugins: list('authorization-plugins'),
    metricsAddress: toMetricsAddress(text('metrics-addr')),
    genericResources: toGenericResources(list('node-generic-resources')),
    cdiFolders: cdiFolders(given),
    features: (given.features as Record<string, boolean> | undefined) ?? {},
    registry: toRegistrySettings(given),
    registryServer: toRegistryServer(given),
    proxies: toProxies(given),
    liveRestore: yes('live-restore', false),
    labels: toLabels(list('labels')),
    bridge: {
      ...defaultBridge(given),
      mtu: atLeastZero('mtu', given.mtu as number | undefined),
      icc: yes('icc', true),
      ipMasq: yes('ip-masq', true),
      ipForward: yes('ip-forward', true),
      firewall: yes('iptables', true),
      defaultHostIp: ipAddress('ip', text('ip') ?? '0.0.0.0'),
      pools: given['default-address-pools'] as { base: string; size: number }[] | undefined,
      networkOptions: toNetworkOptions(given),
      hostGatewayIps: toHostGateways(given),
    },
    dns: {
      servers: list('dns').map((address) => ipAddress('dns', address)),
      options: list('dns-opts'),
      search: list('dns-search'),
    },
    containers: {
      cgroupParent: text('cgroup-parent'),
      cgroupDriver: cgroupDriver(list('exec-opts')),
      cgroupnsMode: oneOf('default-cgroupns-mode', text('default-cgroupns-mode'), ['host', 'private']),
      ipcMode: oneOf('default-ipc-mode', text('default-ipc-mode'), ['private', 'shareable']),
      pidsLimit: (given['default-pids-limit'] as number | undefined) ?? 4096,
      shmSize: parseSize('default-shm-size', text('default-shm-size') ?? '64M'),
      ulimits: Object.values((given['default-ulimits'] as Record<string, never> | undefined) ?? {}),
      init: yes('init', false),
      initPath: text('init-path'),
      noNewPrivileges: yes('no-new-privileges', false),
      seccompProfile: text('seccomp-profile'),
      logDriver: text('log-driver') ?? 'json-file',
      logOpts: (given['log-opts'] as Record<string, string> | undefined) ?? {},
    },
    runtimes: runtimes((given.runtimes as Record<string, GivenRuntime> | undefined) ?? {}),
    defaultRuntime: text('default-runtime') ?? 'crun',
    storageDriver: storageDriver(text('storage-driver')),
    storageSize: storageSize(list('storage-opts')),
    usernsRemap: text('userns-remap') || undefined,
    shutdownTimeout: (given['shutdown-timeout'] as number | undefined) ?? 15,
  };
}

interface GivenRuntime {
  readonly path?: string;
  readonly runtimeArgs?: readonly string[];
  readonly runtimeType?: string;
  readonly options?: { readonly BinaryName?: unknown } | null;
}

/** Runtimes by their binary; containerd's name of runc stands for one too, its other shims are not run. */
function runtimes(given: Readonly<Record<string, GivenRuntime>>): DaemonConfig['runtimes'] {
  const entries = Object.entries(given).map(([name, runtime]) => {
    const { path, runtimeType, runtimeArgs, options } = runtime;
    const wrong = (what: string) => new ConfigError(`"runtimes": "${name}": ${what}`);
    if (path !== undefined && runtimeType !== undefined) throw wrong('cannot configure both path and runtimeType');
    if (runtimeType !== undefined && runtimeArgs?.length) throw wrong('runtimeArgs cannot be used with runtimeType');
    if (runtimeType !== undefined && !isRuncShim(runtimeType)) {
      throw wrong(
        `runtimeType "${runtimeType}" is a shim of containerd, which is not used here: give the path of an OCI runtime`,
      );
    }
    const binary = options?.BinaryName;
    const found = path ?? (typeof binary === 'string' && binary !== '' ? binary : 'runc');
    return [name, { path: found, ...(runtimeArgs ? { runtimeArgs } : {}) }] as const;
  });
  return Object.fromEntries(entries);
}

/** Docker: one empty string switches the folders off too. */
function cdiFolders(given: Settings): string[] {
  if ((given.features as Record<string, boolean> | undefined)?.cdi === false) return [];
  const folders = (given['cdi-spec-dirs'] as string[] | undefined) ?? ['/etc/cdi', '/var/run/cdi'];
  return folders.filter((folder) => folder !== '').map((folder) => absolute('cdi-spec-dirs', folder));
}

/**
 * What tells this engine's names in the kernel from those of other engines on the host: empty for the default data root,
 * else the first six hex digits of the hash of its real path (which must exist).
 */
export function engineMark(dataRoot: string): string {
  const path = existsSync(dataRoot) ? realpathSync(dataRoot) : dataRoot;
  return path === DEFAULT_DATA_ROOT ? '' : createHash('sha256').update(path).digest('hex').slice(0, 6);
}

function refuse(given: Settings): void {
  try {
    const options = given['log-opts'] as Record<string, string> | undefined;
    checkOptions((given['log-driver'] as string | undefined) ?? 'json-file', options ?? {});
  } catch (error) {
    throw new ConfigError(`"log-opts": ${(error as Error).message}`);
  }
}

function absolute(name: KeyName, path: string): string {
  if (!path.startsWith('/')) throw new ConfigError(`"${name}" must be an absolute path, not "${path}"`);
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

function logLevel(level: string | undefined, debug: boolean): LogLevel {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic'];
  const asked = oneOf('log-level', level?.toLowerCase(), levels) ?? 'info';
  if (debug || asked === 'trace') return 'debug';
  return asked === 'fatal' || asked === 'panic' ? 'error' : (asked as LogLevel);
}

function cgroupDriver(options: readonly string[]): 'systemd' | 'cgroupfs' | undefined {
  let driver: 'systemd' | 'cgroupfs' | undefined;
  for (const option of options) {
    const value = option.startsWith('native.cgroupdriver=') ? option.slice('native.cgroupdriver='.length) : undefined;
    if (value !== 'systemd' && value !== 'cgroupfs') {
      throw new ConfigError(`"exec-opts": unknown option "${option}": native.cgroupdriver=systemd or =cgroupfs`);
    }
    driver = value;
  }
  return driver;
}

function storageDriver(name: string | undefined): 'overlay2' | 'native' | undefined {
  const known = { overlay2: 'overlay2', overlay: 'overlay2', native: 'native', vfs: 'native' } as const;
  if (name === undefined) return undefined;
  if (Object.hasOwn(known, name)) return known[name as keyof typeof known];
  throw new ConfigError(`"storage-driver" must be overlay2 or native, not "${name}"`);
}

import { hostname } from 'node:os';
import type { DaemonConfig } from './config.ts';
import { DEFAULT_CONFIG_FILE, joinSettings, toConfig } from './config.ts';
import { readConfigFile } from './config-file.ts';
import type { KeyName } from './config-keys.ts';
import type { Flags } from './flags.ts';

/**
 * The configuration after a look at the file again. Docker: what may change is taken from it, a key that is no longer
 * there keeps its value, but the limits of pulling and the features fall back to their defaults. Throws ConfigError.
 */
export function reloadConfig(current: DaemonConfig, flags: Flags): DaemonConfig {
  const file = readConfigFile(flags.configFile ?? DEFAULT_CONFIG_FILE, { required: flags.configFile !== undefined });
  const given = joinSettings(file, flags.settings);
  const next = toConfig(given, flags.insecureTcp);
  const isGiven = (...names: KeyName[]) => names.some((name) => Object.hasOwn(given, name));
  const pick = <T>(now: T, then: T, ...names: KeyName[]): T => (isGiven(...names) ? then : now);
  const { registry, containers } = current;
  return {
    ...current,
    debug: pick(current.debug, next.debug, 'debug'),
    logLevel: pick(current.logLevel, next.logLevel, 'debug', 'log-level'),
    labels: pick(current.labels, next.labels, 'labels'),
    shutdownTimeout: pick(current.shutdownTimeout, next.shutdownTimeout, 'shutdown-timeout'),
    liveRestore: pick(current.liveRestore, next.liveRestore, 'live-restore'),
    runtimes: pick(current.runtimes, next.runtimes, 'runtimes'),
    defaultRuntime: pick(current.defaultRuntime, next.defaultRuntime, 'default-runtime'),
    authorizationPlugins: next.authorizationPlugins,
    features: next.features,
    registry: {
      ...next.registry,
      mirrors: pick(registry.mirrors, next.registry.mirrors, 'registry-mirrors'),
      insecure: pick(registry.insecure, next.registry.insecure, 'insecure-registries'),
    },
    containers: {
      ...containers,
      shmSize: pick(containers.shmSize, next.containers.shmSize, 'default-shm-size'),
      ipcMode: pick(containers.ipcMode, next.containers.ipcMode, 'default-ipc-mode'),
      cgroupnsMode: pick(containers.cgroupnsMode, next.containers.cgroupnsMode, 'default-cgroupns-mode'),
    },
  };
}

/** The attributes of the event `daemon reload`, as Docker writes them. */
export function reloadAttributes(
  { debug, labels, features, registry, runtimes, defaultRuntime, containers, shutdownTimeout }: DaemonConfig,
  cgroupVersion: number,
): Record<string, string> {
  const switches = Object.entries(features).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: hostname(),
    debug: String(debug),
    'default-cgroupns-mode': containers.cgroupnsMode ?? (cgroupVersion === 2 ? 'private' : 'host'),
    'default-ipc-mode': containers.ipcMode ?? 'private',
    'default-runtime': defaultRuntime,
    'default-shm-size': String(containers.shmSize),
    features: `map[${switches.map(([name, state]) => `${name}:${state}`).join(' ')}]`,
    'insecure-registries': JSON.stringify(registry.insecure),
    labels: JSON.stringify(labels),
    // Containers outlive this daemon whatever the key says.
    'live-restore': 'true',
    'max-concurrent-downloads': String(registry.downloads),
    'max-concurrent-uploads': String(registry.uploads),
    'max-download-attempts': String(registry.attempts),
    'registry-mirrors': JSON.stringify(registry.mirrors),
    runtimes: Object.entries(runtimes)
      .map(([name, { path }]) => `${name}:${path}`)
      .join(' '),
    'shutdown-timeout': String(shutdownTimeout),
  };
}

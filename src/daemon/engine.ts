import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ContainerConfig, HostConfig } from '#api';
import { ImageBuilder, keptByCache } from '#build';
import { Containers } from '#container';
import { Content } from '#content';
import { Registries } from '#distribution';
import { Events } from '#events';
import { Images } from '#image';
import type { Log } from '#log';
import { Logging } from '#logging';
import { Networks } from '#network';
import type { IdMaps } from '#oci';
import { Plugins } from '#plugin';
import { Runtime } from '#runtime';
import { zero } from '#schema';
import { Snapshots } from '#snapshot';
import { Store } from '#store';
import { Volumes } from '#volume';
import { loadProfile } from './apparmor.ts';
import type { DaemonConfig } from './config.ts';
import { engineMark } from './config.ts';
import { ConfigError } from './config-file.ts';
import { readRemap } from './remap.ts';
import { createSpecs } from './specs.ts';
import { GANTRY_VERSION } from './version.ts';

/** Docker's json-file has no limit; ours keeps at most this of each container. README says so. */
const LOG_DEFAULTS = { 'max-size': '20m', 'max-file': '5' };
const STOP_TIMEOUT_SECONDS = 10;
/** Docker's names of the storage drivers. */
export const DRIVERS = { overlay: 'overlay2', native: 'vfs' } as const;
const MOUNTER = fileURLToPath(new URL('../../build/native/gantry-mount', import.meta.url));
const JAIL = fileURLToPath(new URL('../../build/native/gantry-jail', import.meta.url));

/** Every module of one engine, constructed; nothing of it listens yet. */
export interface Engine extends AsyncDisposable {
  readonly store: Store;
  readonly events: Events;
  readonly content: Content;
  readonly images: Images;
  readonly registries: Registries;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly runtime: Runtime;
  readonly containers: Containers;
  readonly plugins: Plugins;
  readonly logging: Logging;
  readonly snapshots: Snapshots;
  readonly builder: ImageBuilder;
  readonly specs: ReturnType<typeof createSpecs>;
  /** Takes over what may change while the daemon runs; throws before anything has changed when it cannot. */
  configure(config: DaemonConfig): void;
}

/** Constructs the engine on its roots, which exist and are ours alone. Nothing is recovered yet. */
export async function openEngine(config: DaemonConfig, log: Log): Promise<Engine> {
  await using undo = new AsyncDisposableStack();
  const { dataRoot, execRoot } = config;
  const mark = engineMark(dataRoot);
  const folder = (name: string) => join(dataRoot, name);
  mkdirSync(folder('containers'), { recursive: true, mode: 0o710 });
  const store = undo.use(Store.open(folder('gantry.db')));
  const events = new Events(store);
  const networks = new Networks({
    store,
    events,
    mark,
    config: networkConfig(config),
    log: log.child({ module: 'network' }),
  });
  undo.defer(() => networks.close());
  networks.warmUp();
  const content = new Content({ root: folder('content'), log: log.child({ module: 'content' }) });
  undo.defer(() => content.close());
  const snapshots = new Snapshots({
    root: folder('snapshots'),
    launcher: JAIL,
    mounter: MOUNTER,
    size: config.storageSize,
    log: log.child({ module: 'snapshot' }),
    ...(config.storageDriver ? { driver: config.storageDriver === 'overlay2' ? 'overlay' : 'native' } : {}),
  });
  let live = config;
  const registries = new Registries({
    settings: () => ({ ...live.registry, proxies: live.proxies }),
    log: log.child({ module: 'distribution' }),
    userAgent: `gantry/${GANTRY_VERSION}`,
  });
  const imageUsage = {
    containersUsing: (id: string) => containers.containersUsingImage(id),
    ...keptByCache(store),
  };
  const images = new Images({
    store,
    content,
    snapshots,
    events,
    usage: imageUsage,
    registries,
    log: log.child({ module: 'image' }),
    version: GANTRY_VERSION,
  });
  const volumeUsage = { containersUsing: (name: string) => containers.containersUsingVolume(name) };
  const volumes = new Volumes({
    root: folder('volumes'),
    store,
    events,
    usage: volumeUsage,
    log: log.child({ module: 'volume' }),
    mounter: MOUNTER,
  });
  const idMaps = config.usernsRemap === undefined ? undefined : readRemap(config.usernsRemap);
  if (idMaps && snapshots.driver === 'native') {
    throw new ConfigError('"userns-remap" needs the storage driver overlay2');
  }
  const { runtimes, defaultRuntime } = config;
  const runtime = undo.use(
    await Runtime.open({
      execRoot,
      copies: folder('bin'),
      mark,
      runtimes,
      defaultRuntime,
      log: log.child({ module: 'runtime' }),
    }),
  );
  await loadProfile(mark && `-${mark}`, log);
  const specs = createSpecs(config, {
    suffix: mark && `-${mark}`,
    log,
    rootfs: (id) => runtime.rootfs(id),
    runtimePath: (name) => runtime.runtimePaths().get(name) ?? name,
  });
  const plugins = new Plugins({ log: log.child({ module: 'plugin' }) });
  const logging = undo.use(
    new Logging({ store, folder: join(execRoot, 'logging'), plugins, log: log.child({ module: 'logging' }) }),
  );
  const containers = undo.use(
    new Containers({
      store,
      events,
      images,
      snapshots,
      volumes,
      networks,
      runtime,
      logging,
      log: log.child({ module: 'container' }),
      settings: containerSettings(config, {
        folder: folder('containers'),
        driver: snapshots.driver,
        idMaps,
        get runtimes() {
          return [...runtime.runtimePaths().keys()];
        },
        get defaultRuntime() {
          return live.defaultRuntime;
        },
      }),
      planCgroup: specs.planCgroup,
      stubSysctls: specs.stubSysctls,
      apparmorProfile: specs.apparmorProfile,
      renderSpec: specs.renderSpec,
      renderExec: specs.renderExec,
      validateHostConfig: specs.validateHostConfig,
      validateUpdate: specs.validateUpdate,
      renderResources: specs.renderResources,
      graphDriver: () => ({ Name: DRIVERS[snapshots.driver], Data: null }),
    }),
  );
  const emptyHostConfig = zero(HostConfig);
  const builder = new ImageBuilder({
    ...{ store, content, images, snapshots, networks, runtime, log: log.child({ module: 'build' }) },
    ...{ folder: folder('build'), volatileFolder: join(execRoot, 'build'), emptyHostConfig },
    emptyConfig: zero(ContainerConfig),
    validateHostConfig: specs.validateHostConfig,
    planCgroup: specs.planCgroup,
    stubSysctls: specs.stubSysctls,
    renderSpec: specs.renderSpec,
    idMaps,
  });
  const stack = undo.move();
  const configure = (next: DaemonConfig) => {
    runtime.configure(next.runtimes, next.defaultRuntime);
    specs.configure(next);
    live = next;
  };
  const parts = {
    ...{
      content,
      store,
      events,
      images,
      builder,
      registries,
      volumes,
      networks,
      runtime,
      containers,
      snapshots,
      specs,
      plugins,
      logging,
    },
  };
  return { ...parts, configure, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function containerSettings(
  { containers }: DaemonConfig,
  of: {
    folder: string;
    driver: string;
    idMaps: IdMaps | undefined;
    readonly runtimes: readonly string[];
    readonly defaultRuntime: string;
  },
) {
  // Not spread: its getters follow the settings.
  return Object.assign(of, {
    logDriver: containers.logDriver,
    logOptions: containers.logOpts,
    logDefaults: LOG_DEFAULTS,
    stopTimeout: STOP_TIMEOUT_SECONDS,
    hostname: hostname(),
    emptyHostConfig: zero(HostConfig),
  });
}

function networkConfig({ bridge, dns }: DaemonConfig) {
  return {
    noBridge: bridge.isAbsent,
    bip: bridge.bip,
    bip6: bridge.bip6,
    fixedCidr: bridge.fixedCidr,
    fixedCidr6: bridge.fixedCidr6,
    defaultGateway: bridge.defaultGateway,
    defaultGateway6: bridge.defaultGateway6,
    ipv6: bridge.ipv6,
    mtu: bridge.mtu,
    icc: bridge.icc,
    ip: bridge.defaultHostIp,
    ipForward: bridge.ipForward,
    ipMasq: bridge.ipMasq,
    iptables: bridge.firewall,
    pools: bridge.pools,
    defaultOptions: bridge.networkOptions,
    hostGatewayIps: bridge.hostGatewayIps,
    dns,
  };
}

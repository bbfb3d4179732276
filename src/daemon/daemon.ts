import { mkdirSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { DOCKER_VERSION } from '#api';
import { deadline } from '#async';
import type { Log, RootLog } from '#log';
import type { Plugins } from '#plugin';
import { createAuthorizer } from '#plugin';
import type { Authorizer, PassedSocket, TlsPaths } from '#server';
import { isServed, readTlsFiles, Server, warmUp } from '#server';
import { openBuildDoor } from './builds.ts';
import type { DaemonConfig } from './config.ts';
import { DOCKER_SOCKET } from './config.ts';
import { ConfigError } from './config-file.ts';
import type { Engine } from './engine.ts';
import { DRIVERS, openEngine } from './engine.ts';
import type { Flags } from './flags.ts';
import { lockDataRoot, writePidfile } from './lock.ts';
import { ActionTimes, renderMetrics, serveMetrics } from './metrics.ts';
import { openRegistry } from './registry-door.ts';
import { registryFront } from './registry-front.ts';
import { reloadAttributes, reloadConfig } from './reload.ts';
import { restBuilds } from './rest-builds.ts';
import { stoppedPath } from './stop-containers.ts';
import { engineId, SystemInfo } from './system.ts';
import { GANTRY_VERSION } from './version.ts';

const GRACE_MS = 500;

/** How the process was started. */
export interface Start {
  readonly flags: Flags;
  /** Sockets that systemd handed over. */
  readonly passed: readonly PassedSocket[];
}

/** The running daemon. Disposing it stops serving; containers live on. */
export class Daemon implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #engine: Engine;
  readonly #live: Live;
  readonly #start: Start;
  readonly #log: RootLog;

  private constructor(stack: AsyncDisposableStack, engine: Engine, live: Live, { start, log }: Told) {
    this.#stack = stack;
    this.#engine = engine;
    this.#live = live;
    this.#start = start;
    this.#log = log;
  }

  /** Locks the data root, constructs the engine, brings records and machine together, and serves. */
  static async open(config: DaemonConfig, log: RootLog, start: Start): Promise<Daemon> {
    const began = performance.now();
    await using undo = new AsyncDisposableStack();
    const tls = config.tls && readTls(config.tls);
    mkdirSync(config.execRoot, { recursive: true, mode: 0o711 });
    undo.use(lockDataRoot(config.dataRoot));
    undo.use(writePidfile(config.pidfile));
    const engine = undo.use(await openEngine(config, log));
    const serveRegistry = undo.use(await openRegistry(engine, config, log));
    await recover(engine);
    await serveRegistry.start();
    const { plugins } = engine;
    const live = { config, plugins, authorizer: await authorizerOf(config, plugins, log) };
    const times = config.metricsAddress && new ActionTimes();
    const server = serverOf(engine, live, { log, times });
    if (times) undo.use(await metricsOf(engine, live, { times, log }));
    undo.defer(() => server.close(GRACE_MS));
    const { group, insecureTcp } = config;
    const listeners = await server.listen(await addresses(config, log), {
      ...{ group: group || undefined, insecureTcp, tls, passed: start.passed },
    });
    log.info('serving', {
      addresses: listeners.map(({ address }) => address),
      ms: Math.round(performance.now() - began),
    });
    const own = listeners.find(({ address }) => address.startsWith('unix://'))?.address;
    // Plugins would be asked about requests that nobody made.
    if (own && !live.authorizer) getReady(own.slice('unix://'.length), log);
    return new Daemon(undo.move(), engine, live, { start, log });
  }

  /** Takes over what may change from the configuration file; when something is wrong with it, all stays as it is. */
  async reload(): Promise<void> {
    const { flags } = this.#start;
    try {
      const next = reloadConfig(this.#live.config, flags);
      const authorizer = await authorizerOf(next, this.#live.plugins, this.#log);
      this.#engine.configure(next);
      Object.assign(this.#live, { config: next, authorizer });
      this.#log.setLevel(next.logLevel);
      const attributes = reloadAttributes(next, this.#engine.specs.facts().cgroupVersion);
      const { store, events } = this.#engine;
      store.tx(() => events.record('daemon', 'reload', { ID: engineId(store), Attributes: attributes }));
      const { name: _name, ...settings } = attributes;
      this.#log.info('reloaded the configuration', { settings, 'authorization-plugins': next.authorizationPlugins });
    } catch (error) {
      this.#log.error('the configuration is not reloaded: the running one stays', { reason: (error as Error).message });
    }
  }

  /** Stops every container with its own signal and timeout, and leaves their restart policies as they are. */
  async stopContainers(): Promise<void> {
    this.#log.info('stopping all containers: the host is going down');
    await this.#engine.containers.stopAll();
    await this.#engine.containers.settled();
    writeFileSync(stoppedPath(this.#live.config.execRoot), '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await deadline(this.#stack.disposeAsync(), 5_000, 'gantryd did not stop in time').catch((error) => {
      this.#log.warn('stopped the hard way', { error });
    });
  }
}

/** Start-up is recovery: what is recorded, what the machine shows, and then what nobody owns. */
export async function recover({ volumes, images, containers, snapshots, builder }: Engine): Promise<void> {
  builder.recover();
  await volumes.recover();
  await containers.recover();
  await images.recover();
  await snapshots.sweep(containers.ids(), images.liveLayers());
}

/** For the first clients, and for the next start, however this process ends: its compiled code is kept. */
function getReady(socket: string, log: Log): void {
  warmUp(socket).then(flushCompileCache, (error) => log.warn('not warmed up', { error }));
}

/** Docker's own socket too, while nobody else serves it. */
async function addresses({ hosts, takesDockerSocket }: DaemonConfig, log: Log): Promise<string[]> {
  if (!takesDockerSocket) return [...hosts];
  if (!(await isServed(DOCKER_SOCKET))) return [...hosts, `unix://${DOCKER_SOCKET}`];
  log.info('another engine serves this socket', { socket: DOCKER_SOCKET });
  return [...hosts];
}

/** What a reload exchanges. */
interface Live {
  config: DaemonConfig;
  readonly plugins: Plugins;
  authorizer: Authorizer | undefined;
}

interface Told {
  readonly start: Start;
  readonly log: RootLog;
}

/** Docker: a plugin that is not there keeps the daemon from starting. */
async function authorizerOf(
  { authorizationPlugins: names }: DaemonConfig,
  plugins: Plugins,
  log: Log,
): Promise<Authorizer | undefined> {
  for (const name of names) {
    await plugins.get(name, 'authz').catch((error: Error) => {
      throw new ConfigError(`failed to validate authorization plugin: ${error.message}`);
    });
  }
  return names.length > 0 ? createAuthorizer(plugins, names, log) : undefined;
}

function readTls(paths: TlsPaths) {
  try {
    return readTlsFiles(paths);
  } catch (error) {
    throw new ConfigError((error as Error).message, { cause: error });
  }
}

async function metricsOf(engine: Engine, { config }: Live, { times, log }: { times: ActionTimes; log: Log }) {
  const { containers, events, specs, store, snapshots } = engine;
  const { kernelVersion, operatingSystem, osVersion, machine } = specs.facts();
  const info = {
    architecture: machine,
    commit: GANTRY_VERSION,
    daemon_id: engineId(store),
    graphdriver: DRIVERS[snapshots.driver],
    kernel: kernelVersion,
    os: operatingSystem,
    os_type: 'linux',
    os_version: osVersion,
    version: DOCKER_VERSION,
  };
  const deps = {
    info,
    facts: specs.facts,
    counts: () => containers.counts(),
    subscribers: () => events.subscribers,
    recorded: () => events.recorded,
  };
  const metrics = await serveMetrics(config.metricsAddress!, () => renderMetrics(deps) + times.render());
  log.info('serving metrics', { port: metrics.port });
  return metrics;
}

/** What the metrics call Docker's container actions, by our verbs. */
const ACTIONS = { changes: 'changes', commit: 'commit', create: 'create', remove: 'delete', start: 'start' };

function serverOf(engine: Engine, live: Live, { log, times }: { log: Log; times: ActionTimes | undefined }): Server {
  const buildConnections = openBuildDoor({
    config: live.config,
    engineId: engineId(engine.store),
    builder: engine.builder,
    networks: engine.networks,
    images: engine.images,
    log: log.child({ module: 'builder' }),
  });
  const { store, events, images, volumes, networks, containers, specs, snapshots, runtime } = engine;
  const system = new SystemInfo({
    config: () => live.config,
    engineId: engineId(store),
    facts: specs.facts,
    runtime: () => runtime.info(),
    driver: DRIVERS[snapshots.driver],
    containers,
    images,
    volumes,
    logging: engine.logging,
    builder: engine.builder,
    listeners: () => events.subscribers,
  });
  return new Server({
    containers: times ? times.watch(containers, ACTIONS) : containers,
    authorizer: () => live.authorizer,
    files: containers,
    images,
    registries: registryFront(engine.registries, images),
    builds: restBuilds(engine.builder, buildConnections),
    volumes: {
      create: (request) => volumes.createDurably(request),
      get: (name) => volumes.get(name),
      list: (filters) => volumes.list(filters),
      remove: (name, force) => volumes.remove(name, force),
      prune: (filters) => volumes.prune(filters),
    },
    networks,
    events,
    system,
    buildConnections,
    log: log.child({ module: 'server' }),
  });
}

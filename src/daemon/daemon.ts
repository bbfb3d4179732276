import { mkdirSync, writeFileSync } from 'node:fs';
import { deadline } from '#async';
import type { Log } from '#log';
import { isServed, Server, warmUp } from '#server';
import type { DaemonConfig } from './config.ts';
import { DOCKER_SOCKET } from './config.ts';
import type { Engine } from './engine.ts';
import { DRIVERS, openEngine } from './engine.ts';
import { lockDataRoot, writePidfile } from './lock.ts';
import { stoppedPath } from './stop-containers.ts';
import { engineId, SystemInfo } from './system.ts';

const GRACE_MS = 500;

/** The running daemon. Disposing it stops serving; containers live on. */
export class Daemon implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #engine: Engine;
  readonly #execRoot: string;
  readonly #log: Log;

  private constructor(stack: AsyncDisposableStack, engine: Engine, { execRoot }: DaemonConfig, log: Log) {
    this.#execRoot = execRoot;
    this.#stack = stack;
    this.#engine = engine;
    this.#log = log;
  }

  /** Locks the data root, constructs the engine, brings records and machine together, and serves. */
  static async open(config: DaemonConfig, log: Log): Promise<Daemon> {
    const began = performance.now();
    await using undo = new AsyncDisposableStack();
    mkdirSync(config.execRoot, { recursive: true, mode: 0o711 });
    undo.use(lockDataRoot(config.dataRoot));
    undo.use(writePidfile(config.pidfile));
    const engine = undo.use(await openEngine(config, log));
    await recover(engine);
    const server = serverOf(engine, config, log);
    undo.defer(() => server.close(GRACE_MS));
    const listeners = await server.listen(await addresses(config, log), {
      group: config.group || undefined,
      insecureTcp: config.insecureTcp,
    });
    log.info('serving', {
      addresses: listeners.map(({ address }) => address),
      ms: Math.round(performance.now() - began),
    });
    const own = listeners.find(({ address }) => address.startsWith('unix://'))?.address;
    if (own) warmUp(own.slice('unix://'.length)).catch((error) => log.warn('not warmed up', { error }));
    return new Daemon(undo.move(), engine, config, log);
  }

  /** Stops every container with its own signal and timeout, and leaves their restart policies as they are. */
  async stopContainers(): Promise<void> {
    this.#log.info('stopping all containers: the host is going down');
    await this.#engine.containers.stopAll();
    await this.#engine.containers.settled();
    writeFileSync(stoppedPath(this.#execRoot), '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await deadline(this.#stack.disposeAsync(), 5_000, 'gantryd did not stop in time').catch((error) => {
      this.#log.warn('stopped the hard way', { error });
    });
  }
}

/** Start-up is recovery: what is recorded, what the machine shows, and then what nobody owns. */
export async function recover({ volumes, images, containers, snapshots }: Engine): Promise<void> {
  await volumes.recover();
  await containers.recover();
  await images.recover();
  await snapshots.sweep(containers.ids(), images.liveLayers());
}

/** Docker's own socket too, while nobody else serves it. */
async function addresses({ hosts, takesDockerSocket }: DaemonConfig, log: Log): Promise<string[]> {
  if (!takesDockerSocket) return [...hosts];
  if (!(await isServed(DOCKER_SOCKET))) return [...hosts, `unix://${DOCKER_SOCKET}`];
  log.info('another engine serves this socket', { socket: DOCKER_SOCKET });
  return [...hosts];
}

function serverOf(engine: Engine, config: DaemonConfig, log: Log): Server {
  const { store, events, images, volumes, networks, containers, specs, snapshots, runtime } = engine;
  const system = new SystemInfo({
    config,
    engineId: engineId(store),
    facts: specs.facts,
    runtime: () => runtime.info(),
    driver: DRIVERS[snapshots.driver],
    containers,
    images,
    volumes,
    listeners: () => events.subscribers,
  });
  return new Server({
    containers,
    images,
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
    log: log.child({ module: 'server' }),
  });
}

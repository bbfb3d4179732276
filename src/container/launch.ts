import { deadline } from '#async';
import { notFound } from '#errdefs';
import { bootId, failpoint, SystemError } from '#sys';
import { nowText } from './clock.ts';
import type { Context } from './context.ts';
import type { Reservation, SandboxRequest, Started } from './deps.ts';
import { settleExit } from './exit.ts';
import { writeNetworkFiles } from './folder.ts';
import { freshHealth } from './health.ts';
import type { Container } from './record.ts';
import { startFailure } from './start-failure.ts';
import { next } from './state.ts';
import { tell, tellMounted, tellNetworks } from './tell.ts';

const ATTACH_MS = 10_000;
const START_MS = 60_000;

/** Why a container comes to life: `restart` says so in an event; a policy's restart keeps the count it has. */
export interface Launch {
  readonly verb: 'start' | 'restart';
  /** Status and detail of the intent's row. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Brings a container to life: intent, sandbox, network, process, record. On failure everything is undone, and status,
 * error and exit code are recorded as Docker does; the error thrown is the one to show.
 */
export async function launch(context: Context, container: Container, { verb, detail }: Launch): Promise<void> {
  const { id } = container;
  next(container, 'start');
  context.restarts.cancel(id);
  await context.cleanups.get(id);
  context.starting.set(id, undefined);
  try {
    const started = await bringUp(context, container, { verb, detail });
    recordRunning(context, container, started, verb);
  } catch (error) {
    throw await recordFailure(context, container, error);
  } finally {
    const exit = context.starting.get(id);
    context.starting.delete(id);
    if (exit) settleExit(context, id, exit);
  }
  context.health.watch(id);
}

async function bringUp(context: Context, container: Container, { verb, detail }: Launch): Promise<Started> {
  const { id } = container;
  const reservation = intend(context, container, { verb, detail });
  failpoint('container.start.intended');
  const sandbox = await context.sandboxes.take(container);
  failpoint('container.start.prepared');
  if (reservation.netns === 'private' || reservation.netns === 'none') {
    await deadline(context.networks.attach(id, { pid: sandbox.pid }), ATTACH_MS, 'the network was not set up in time');
    failpoint('container.start.attached');
  }
  writeNetworkFiles(context.settings, id, context.networks.files(id));
  failpoint('container.start.files-written');
  const { spec } = sandbox.rendered;
  const started = await deadline(
    context.runtime.start(id, { spec, sockets: reservation.sockets }),
    START_MS,
    'the runtime did not start the container in time',
  ).catch((error) => {
    throw portConflict(context, id, { error, sockets: reservation.sockets });
  });
  failpoint('container.start.started');
  return started;
}

/** A port that the monitor could not listen on is told in the network's words. */
function portConflict(
  { networks }: Context,
  id: string,
  { error, sockets }: { error: unknown; sockets: Reservation['sockets'] },
): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof SystemError) || cause.syscall !== 'bind') return error;
  const socket = sockets.find((s) => cause.path === `${s.protocol} ${s.hostIp}:${s.hostPort}`);
  return socket ? networks.portError(id, socket, cause.code) : error;
}

/** Addresses and ports are taken in the transaction that says what for. */
function intend({ store, rows, networks }: Context, container: Container, { verb, detail }: Launch): Reservation {
  return store.tx(() => {
    rows.begin(container.id, verb, bootId(), detail);
    return networks.reserve(sandboxRequest(container));
  });
}

/** What the network needs to know of a container. */
export function sandboxRequest({ id, name, spec }: Pick<Container, 'id' | 'name' | 'spec'>): SandboxRequest {
  const { config, hostConfig, endpoints } = spec;
  return {
    containerId: id,
    name,
    hostname: config.Hostname,
    domainname: config.Domainname,
    hostConfig,
    config,
    endpoints,
  };
}

function recordRunning(context: Context, container: Container, process: Started, verb: Launch['verb']): void {
  const { store, rows } = context;
  store.tx(() => {
    const health = freshHealth(container.spec.config.Healthcheck);
    rows.change(container.id, {
      phase: { status: 'running', process },
      startedAt: nowText(),
      exitCode: 0,
      error: '',
      oomKilled: false,
      ...(health ? { health } : {}),
    });
    rows.end(container.id);
    const running = rows.get(container.id);
    // Removed by force while it was being started.
    if (!running) throw notFound(`No such container: ${container.id}`);
    tellMounted(context, running);
    tellNetworks(context, running, 'connect');
    tell(context, running, 'start');
    if (verb === 'restart') tell(context, running, 'restart');
  });
  failpoint('container.start.recorded');
}

/** Undoes what the start did, then records why it failed. Returns the error to show. */
async function recordFailure(context: Context, container: Container, cause: unknown): Promise<Error> {
  const { store, rows, networks, log } = context;
  const failure = startFailure(cause);
  log.warn('start failed', { container: container.id, error: cause });
  await abandon(context, container.id);
  failpoint('container.start.abandoned');
  store.tx(() => {
    const current = rows.get(container.id);
    if (!current) return;
    networks.release(container.id);
    rows.change(container.id, {
      phase: { status: next(current, 'fail') } as Container['phase'],
      error: failure.error.message,
      exitCode: failure.exitCode,
    });
    rows.end(container.id);
  });
  failpoint('container.start.failure-recorded');
  return failure.error;
}

/** Everything of a life that did not come about, or has ended, is taken back; absent is success. */
export async function abandon({ runtime, networks, sandboxes, log }: Context, id: string): Promise<void> {
  const steps = [sandboxes.discard(id), runtime.discard(id), networks.detach(id)];
  for (const result of await Promise.allSettled(steps.map((step) => deadline(step, ATTACH_MS, 'not undone in time')))) {
    if (result.status === 'rejected') log.warn('start not fully undone', { container: id, error: result.reason });
  }
}

import { nowText } from '#api';
import { deadline } from '#async';
import { notFound } from '#errdefs';
import { bootId, failpoint } from '#sys';
import { removeAfterEnd } from './auto-remove.ts';
import type { Context } from './context.ts';
import type { Reservation, Started } from './deps.ts';
import { settleExit } from './exit.ts';
import { freshHealth } from './health.ts';
import { keepEnd } from './keep-end.ts';
import { careForLog } from './log-care.ts';
import { rewriteLinks } from './network-files.ts';
import type { Container } from './record.ts';
import { releaseVolumes } from './resolve-mounts.ts';
import type { Sandbox } from './sandbox.ts';
import { join, writeFiles } from './sandbox.ts';
import { sandboxRequest } from './sandbox-request.ts';
import { startFailure } from './start-failure.ts';
import { next } from './state.ts';
import { asTaken, PortTaken } from './taken-port.ts';
import { tell, tellMounted, tellNetworks } from './tell.ts';
import { endOf } from './wait.ts';

const ATTACH_MS = 10_000;
const START_MS = 60_000;
const PORT_TRIES = 10;

/** Why a container comes to life: `restart` says so in an event; a policy's restart keeps the count it has. */
export interface Launch {
  readonly verb: 'start' | 'restart';
  /** Status and detail of the intent's row. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A life that has begun and is not on record yet. */
interface Life {
  readonly process: Started;
  /** Before the process could write anything: who reads the log since then reads all of it. */
  readonly startedAt: string;
}

/**
 * Brings a container to life: intent, sandbox, network, process, record. On failure everything is undone, and status,
 * error and exit code are recorded as Docker does; the error thrown is the one to show.
 */
export async function launch(context: Context, container: Container, how: Launch): Promise<void> {
  const record = await ignite(context, container, how);
  await record();
}

/**
 * {@link launch} without its record: the caller calls what it gives, once, when the answer is out. A life that cannot be
 * put on record is ended, who waits for its end is told, and the error thrown.
 */
export async function ignite(context: Context, container: Container, how: Launch): Promise<() => Promise<void>> {
  const { id } = container;
  next(container, 'start');
  context.restarts.cancel(id);
  await context.cleanups.get(id);
  context.starting.set(id, undefined);
  try {
    const life = await bringUpSomewhere(context, container, how);
    return () => conclude(context, container, { life, verb: how.verb });
  } catch (error) {
    throw await recordFailure(context, container, error).finally(() => {
      context.starting.delete(id);
      void releaseVolumes(context);
    });
  }
}

/** Puts the life on record, in the turn of the loop it is called in, and its end if that has come meanwhile. */
async function conclude(
  context: Context,
  container: Container,
  { life, verb }: { life: Life; verb: Launch['verb'] },
): Promise<void> {
  const { id } = container;
  try {
    recordRunning(context, container, life, verb);
  } catch (error) {
    throw await takeBack(context, container, error);
  }
  rewriteLinks(context, id);
  careForLog(context, container, { isAlive: true });
  const exit = context.starting.get(id);
  context.starting.delete(id);
  if (exit) settleExit(context, id, exit);
  else context.health.watch(id);
}

/** Ends a life that is not on record. Its starter may have been told of it, so others may wait for its end. */
async function takeBack(context: Context, container: Container, cause: unknown): Promise<Error> {
  const { id } = container;
  const { error, exitCode } = startFailure(cause);
  try {
    return await recordFailure(context, container, cause);
  } catch (unrecorded) {
    context.log.error('start not recorded', { container: id, error: unrecorded });
    return error;
  } finally {
    context.starting.delete(id);
    context.waiters.exited(id, endOf({ exitCode, error: error.message }));
    removeAfterEnd(context, container);
    void releaseVolumes(context);
  }
}

/** A port of the engine's choice that somebody was quicker to take is chosen again. */
async function bringUpSomewhere(context: Context, container: Container, how: Launch): Promise<Life> {
  for (let tries = 1; ; tries++) {
    try {
      return await bringUp(context, container, how);
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error;
      if (!error.isReplaceable || tries === PORT_TRIES) throw error.shown;
      context.log.info('port taken by somebody else, trying another', { container: container.id, error });
      await abandon(context, container.id);
      failpoint('container.start.port-given-up');
    }
  }
}

async function bringUp(context: Context, container: Container, { verb, detail }: Launch): Promise<Life> {
  const { id } = container;
  const reservation = intend(context, container, { verb, detail });
  failpoint('container.start.intended');
  const sandbox = await context.sandboxes.take(container);
  failpoint('container.start.prepared');
  if (!sandbox.isAttached) await attachNetwork(context, id, { sandbox, reservation });
  failpoint('container.start.attached');
  const { spec } = sandbox.rendered;
  const startedAt = nowText();
  const process = await deadline(
    context.runtime.start(id, { spec, sockets: reservation.sockets }),
    START_MS,
    'the runtime did not start the container in time',
  ).catch((error) => {
    throw asTaken(context, container, { error, sockets: reservation.sockets });
  });
  failpoint('container.start.started');
  return { process, startedAt };
}

async function attachNetwork(
  context: Context,
  id: string,
  { sandbox, reservation }: { sandbox: Sandbox; reservation: Reservation },
): Promise<void> {
  if (reservation.netns === 'private' || reservation.netns === 'none') return await join(context, id, sandbox.pid);
  writeFiles(context, id);
  failpoint('container.start.files-written');
}

/** Addresses and ports are taken in the transaction that says what for. */
function intend(context: Context, container: Container, { verb, detail }: Launch): Reservation {
  const { store, rows, networks, sandboxes } = context;
  return store.tx(() => {
    rows.begin(container.id, verb, bootId(), detail);
    if (sandboxes.isReserved(container.id)) return { netns: 'private', sockets: [] };
    return networks.reserve(sandboxRequest(container));
  });
}

function recordRunning(context: Context, container: Container, life: Life, verb: Launch['verb']): void {
  const { store, rows } = context;
  store.tx(() => {
    keepEnd(context, container);
    const health = freshHealth(container.spec.config.Healthcheck);
    rows.change(container.id, {
      phase: { status: 'running', process: life.process },
      startedAt: life.startedAt,
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
  context.networks.inhabited(container.id, life.process);
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
    keepEnd(context, current);
    rows.keepFailure(current.id, { at: nowText(), exitCode: failure.exitCode, error: failure.error.message });
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

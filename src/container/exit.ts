import { failpoint } from '#sys';
import { removeAfterEnd } from './auto-remove.ts';
import { cleanUp } from './clean-up.ts';
import { millisSince } from './clock.ts';
import type { Context } from './context.ts';
import type { ExitRecord } from './deps.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { restartAfter } from './restart-policy.ts';
import { next } from './state.ts';
import { tell, tellNetworks, tellUnmounted } from './tell.ts';

/** An end that could not be recorded, the disk being full perhaps, is tried again so soon. */
const AGAIN_MS = 1_000;

interface Ending {
  readonly container: Container;
  readonly exitCode: number;
  /** Ms until the restart policy brings it back. */
  readonly restartMs: number | undefined;
  /** The row went in the same commit. */
  readonly removed: boolean;
}

/**
 * Records the end of a life, answers who waits for it, and cleans up afterwards. Synchronous up to the answers, so it
 * needs no lock; an exit that is told before its start is on record waits for that; one that was told before is nothing.
 */
export function settleExit(context: Context, id: string, exit: ExitRecord): void {
  if (context.starting.has(id)) {
    context.starting.set(id, exit);
    return;
  }
  const ending = recordOrRetry(context, id, exit);
  if (!ending) return;
  failpoint('container.exit.recorded');
  answer(context, ending);
  failpoint('container.exit.answered');
  context.health.forget(id);
  context.execs.endAll(id);
  cleanUp(context, ending.container, { removed: ending.removed });
  if (ending.restartMs !== undefined) context.restarts.schedule(id, ending.restartMs);
  else if (!ending.removed && !isBeingHandled(ending.container)) removeAfterEnd(context, ending.container);
}

/** A monitor tells of an end once: it is not forgotten when it cannot be written down now. */
function recordOrRetry(context: Context, id: string, exit: ExitRecord): Ending | undefined {
  try {
    return context.store.tx(() => record(context, id, exit));
  } catch (error) {
    context.log.error('exit not recorded, trying again', { container: id, error });
    const life = lifeOf(context, id);
    const again = () => life !== undefined && lifeOf(context, id) === life && settleExit(context, id, exit);
    setTimeout(again, AGAIN_MS).unref();
    return undefined;
  }
}

/** What tells one life of a container from the next; undefined: it has none. */
function lifeOf({ rows }: Context, id: string): string | undefined {
  const phase = rows.get(id)?.phase;
  return phase && 'process' in phase ? `${phase.process.pid} ${phase.process.startTime}` : undefined;
}

function record(context: Context, id: string, exit: ExitRecord): Ending | undefined {
  const { rows, networks } = context;
  const before = rows.get(id);
  if (!before || !hasProcess(before)) return undefined;
  const uptimeMs = millisSince(before.startedAt);
  const restartMs = restartDelay(context, before, { exitCode: exit.exitCode, uptimeMs });
  rows.change(id, {
    phase: { status: next(before, restartMs === undefined ? 'exit' : 'back-off') } as Container['phase'],
    exitCode: exit.exitCode,
    oomKilled: exit.oomKilled,
    finishedAt: exit.finishedAt,
    ...(restartMs === undefined ? {} : { restartCount: before.restartCount + 1 }),
    ...(before.health ? { health: { ...before.health, Status: 'unhealthy' as const } } : {}),
  });
  // Its notice was overtaken by the end.
  if (exit.oomKilled && !before.oomKilled) tell(context, before, 'oom');
  tellEnd(context, before, { exitCode: exit.exitCode, uptimeMs });
  networks.release(id);
  if (before.operation?.verb === 'stop') rows.end(id);
  const removed = restartMs === undefined && goesAtOnce(before);
  if (removed) {
    tell(context, before, 'destroy');
    networks.forget(id);
    rows.delete(id);
  }
  return { container: rows.get(id) ?? before, exitCode: exit.exitCode, restartMs, removed };
}

function tellEnd(context: Context, container: Container, end: { exitCode: number; uptimeMs: number }): void {
  tellNetworks(context, container, 'disconnect');
  tellUnmounted(context, container);
  const verb = container.operation?.verb;
  if (verb === 'stop' || verb === 'restart') tell(context, container, 'stop');
  tell(context, container, 'die', {
    exitCode: String(end.exitCode),
    execDuration: String(Math.floor(end.uptimeMs / 1000)),
  });
}

function restartDelay(
  context: Context,
  container: Container,
  end: { exitCode: number; uptimeMs: number },
): number | undefined {
  if (isBeingHandled(container)) return undefined;
  return restartAfter(container.spec.hostConfig.RestartPolicy, {
    ...end,
    restartCount: container.restartCount,
    backOffMs: context.restarts.lastBackOff(container.id),
    manuallyStopped: container.manuallyStopped || container.operation?.verb === 'stop',
  });
}

/** A restart or a removal by the user decides itself what comes after the end. */
function isBeingHandled({ operation }: Container): boolean {
  return operation?.verb === 'restart' || operation?.verb === 'remove' || operation?.verb === 'replace';
}

/** `--rm` without volumes of its own: nothing has to be done before the row may go. */
function goesAtOnce(container: Container): boolean {
  const { spec, mounts } = container;
  return spec.hostConfig.AutoRemove && !isBeingHandled(container) && !mounts.some(({ anonymous }) => anonymous);
}

function answer({ waiters }: Context, { container, exitCode, removed }: Ending): void {
  const response = { StatusCode: exitCode };
  if (removed) waiters.removed(container.id, response);
  else waiters.exited(container.id, response);
}

import { readdir } from 'node:fs/promises';
import { nowText } from '#api';
import { deadline, Semaphore } from '#async';
import { bootId, failpoint, isErrno, processStartTime } from '#sys';
import { cleanUp } from './clean-up.ts';
import { finishCommit } from './commit.ts';
import type { Context } from './context.ts';
import { undo } from './create.ts';
import type { Observed } from './deps.ts';
import { settleExit } from './exit.ts';
import { removeFolder } from './folder.ts';
import { keepEnd } from './keep-end.ts';
import { abandon, launch } from './launch.ts';
import { careForLog } from './log-care.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import type { Action } from './recover.ts';
import { FOUND_DEAD, plan } from './recover.ts';
import { remove } from './remove.ts';
import { releaseVolumes } from './resolve-mounts.ts';
import { restart } from './restart.ts';
import { restoreSnapshot } from './restore-snapshot.ts';
import { serveNames } from './sandbox.ts';
import { next } from './state.ts';
import type { StopOptions } from './stop.ts';
import { stop } from './stop.ts';
import { putInForce } from './update.ts';

const OBSERVE_MS = 10_000;
/** Starts and removals at once: the API answers meanwhile. */
const AT_ONCE = 4;
const FIRST_BACK_OFF_MS = 100;

type Executors = {
  readonly [K in Action['do']]: (
    context: Context,
    container: Container,
    action: Extract<Action, { do: K }>,
  ) => Promise<void> | void;
};

const executors: Executors = {
  'undo-create': async (context, { id }) => {
    if (!context.unborn.has(id)) await undo(context, id);
  },
  'undo-start': async (context, container) => {
    await abandon(context, container.id);
    context.store.tx(() => {
      context.networks.release(container.id);
      context.rows.change(container.id, { phase: { status: next(container, 'fail') } as Container['phase'] });
      context.rows.end(container.id);
    });
  },
  adopt: (context, container, { process, startedAt }) => {
    context.store.tx(() => {
      next(container, 'start');
      keepEnd(context, container);
      context.rows.change(container.id, {
        phase: { status: 'running', process },
        startedAt: startedAt ?? nowText(),
        exitCode: 0,
        error: '',
      });
      context.rows.end(container.id);
    });
  },
  'record-exit': (context, { id }, { exit }) => {
    settleExit(context, id, exit ?? { exitCode: FOUND_DEAD, oomKilled: false, finishedAt: nowText() });
  },
  'finish-stop': async (context, container) => {
    await stop(context, container, asAsked(container));
  },
  'finish-restart': async (context, container) => {
    await restart(context, container, asAsked(container));
  },
  'finish-remove': async (context, container, { volumes }) => {
    await remove(context, container, { force: true, volumes, link: false });
  },
  'finish-commit': async (context, { id }) => await finishCommit(context, id),
  'finish-update': async (context, container) => {
    if (container.spec.updating) await putInForce(context, container, container.spec.updating);
  },
  'schedule-restart': ({ restarts }, { id }) => restarts.schedule(id, FIRST_BACK_OFF_MS),
  start: async (context, container) => await launch(context, container, { verb: 'start' }),
  watch: ({ health }, { id }) => health.watch(id),
  'end-operation': ({ store, rows }, { id }) => store.tx(() => rows.end(id)),
  discard: (context, container) => void cleanUp(context, container, { removed: false }),
};

/** The stop of an operation on record, as its user asked for it. */
function asAsked({ name, operation }: Container): StopOptions {
  const { signal, timeout } = operation?.detail ?? {};
  return {
    reference: name,
    signal: typeof signal === 'number' ? String(signal) : undefined,
    timeout: typeof timeout === 'number' ? timeout : undefined,
  };
}

/** What takes time and needs nobody to wait for it. */
const SLOW: ReadonlySet<Action['do']> = new Set([
  'finish-stop',
  'finish-restart',
  'finish-remove',
  'finish-update',
  'start',
]);

/** Brings every container's record and the machine together. The slow parts go on after it returns. */
export async function recover(context: Context, { isFirst }: { isFirst: boolean }): Promise<void> {
  const monitors = isFirst ? await observe(context) : new Map<string, Observed>();
  const containers = context.rows.everything();
  if (isFirst) await context.networks.recover(new Map(containers.filter(isLive).map((c) => [c.id, livePid(c)])));
  failpoint('container.recover.observed');
  if (isFirst)
    await serveAllNames(
      context,
      containers.filter((container) => livePid(container) !== undefined),
    );
  const slow = new Semaphore(AT_ONCE);
  const missing = new Set<string>();
  for (const container of containers) {
    if (!isFirst && (context.locks.isLocked(container.id) || context.starting.has(container.id))) continue;
    if (isFirst && livePid(container) === undefined) await restoreSnapshot(context, container);
    const monitor = monitors.get(container.id);
    const isGone = isFirst ? isLost(container, monitor) : isGoneStill(context, container, missing);
    const seen = { bootId: bootId(), processAlive: !isGone, monitor, isFirst };
    await execute(context, container.id, { actions: plan(container, seen), slow });
    failpoint('container.recover.container-done');
  }
  context.missing = missing;
  if (isFirst) {
    for (const container of context.rows.everything()) {
      careForLog(context, container, { isAlive: hasProcess(container) });
    }
    await sweep(context, monitors);
  }
  await releaseVolumes(context);
}

/** Questions for names have waited since the last daemon. */
async function serveAllNames(context: Context, containers: readonly Container[]): Promise<void> {
  for (const { id } of containers) {
    const sockets = context.networks.nameSockets(id);
    if (sockets.length === 0) continue;
    await serveNames(context, id, sockets).catch((error) =>
      context.log.warn('no names for a container', { container: id, error }),
    );
  }
}

function isLive(container: Container): boolean {
  return hasProcess(container) || container.operation?.verb === 'start' || container.operation?.verb === 'restart';
}

/** Whether a process ended while no daemon looked. A monitor that lives tells of an end itself, perhaps just now. */
function isLost(container: Container, monitor: Observed | undefined): boolean {
  if (livePid(container) !== undefined) return false;
  return !(monitor?.monitorAlive && monitor.started && !monitor.exit);
}

/** Whether a process is gone and was so at the last look: meanwhile its monitor would have told of it. */
function isGoneStill(context: Context, container: Container, missing: Set<string>): boolean {
  if (livePid(container) !== undefined || !('process' in container.phase)) return false;
  const key = `${container.id}:${container.phase.process.pid}`;
  missing.add(key);
  return context.missing.has(key);
}

/** The container's process, if it is still the one on record. */
function livePid({ phase }: Container): number | undefined {
  if (!('process' in phase) || phase.process.bootId !== bootId()) return undefined;
  const { pid, startTime } = phase.process;
  return processStartTime(pid) === startTime ? pid : undefined;
}

async function execute(
  context: Context,
  id: string,
  { actions, slow }: { actions: readonly Action[]; slow: Semaphore },
): Promise<void> {
  for (const action of actions) {
    const step = () => perform(context, id, action);
    if (SLOW.has(action.do)) void inBackground(context, slow, step);
    else await step();
  }
}

async function inBackground(context: Context, slow: Semaphore, step: () => Promise<void>): Promise<void> {
  using _ = await slow.acquire();
  await step().catch((error) => context.log.warn('recovery step failed', { error }));
}

async function perform(context: Context, id: string, action: Action): Promise<void> {
  try {
    using _ = await context.locks.lock(id);
    const container = context.rows.get(id);
    if (!container) return;
    context.log.info('recovering', { container: id, action: action.do });
    await (executors[action.do] as (c: Context, container: Container, action: Action) => Promise<void> | void)(
      context,
      container,
      action,
    );
    failpoint(`container.recover.${action.do}`);
  } catch (error) {
    context.log.warn('recovery step failed', { container: id, action: action.do, error });
  }
}

async function observe({ runtime, log }: Context): Promise<Map<string, Observed>> {
  try {
    const all = await deadline(runtime.observe(), OBSERVE_MS, 'the monitors did not answer in time');
    return new Map(all.map((observed) => [observed.id, observed]));
  } catch (error) {
    log.error('monitors not observed', { error });
    return new Map();
  }
}

/** What bears a container's id without there being one: monitors and folders. */
async function sweep(context: Context, monitors: ReadonlyMap<string, Observed>): Promise<void> {
  const ids = new Set(context.rows.statuses().map(({ id }) => id));
  const orphans = [...monitors.keys(), ...(await folders(context))].filter((id) => !ids.has(id));
  for (const id of new Set(orphans)) {
    if (context.unborn.has(id) || context.cleanups.has(id)) continue;
    context.log.warn('orphan removed', { container: id });
    await abandon(context, id);
    context.store.tx(() => context.networks.forget(id));
    await context.snapshots.remove(id).catch((error) => context.log.warn('orphan left', { container: id, error }));
    await removeFolder(context, id);
    failpoint('container.recover.orphan-removed');
  }
}

async function folders({ settings }: Context): Promise<string[]> {
  try {
    return await readdir(settings.folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

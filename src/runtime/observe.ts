import { readdir, readFile } from 'node:fs/promises';
import { delay } from '#async';
import { isAlive, isErrno } from '#sys';
import type { RuntimeContext } from './context.ts';
import { runDirectory } from './context.ts';
import { forgetExec } from './exec.ts';
import { removeOldCopies } from './monitor/copy.ts';
import type { Found } from './monitor/find.ts';
import { findMonitors, killFound } from './monitor/find.ts';
import { MonitorLink } from './monitor/link.ts';
import type { ExitRecord, Started } from './records.ts';
import { readExit, readRun, readStarted } from './records.ts';
import { Run } from './run.ts';

/** A monitor that does not answer in this time is taken as stopped; what the disk says holds until it does. */
const ANSWER_MS = 1_000;
/** So long, in doubling steps, a killed spawner may take to be gone. */
const SPAWNERS_MS = 256;

/** What the machine says about one life. */
export interface Observed {
  readonly id: string;
  readonly monitorAlive: boolean;
  /** A stub that waits for its start. */
  readonly stub?: number;
  /** Absent: it never ran, or its process is gone without a record. */
  readonly started?: Started;
  readonly startedAt?: string;
  readonly exit?: ExitRecord;
  readonly execs: readonly string[];
}

/**
 * Looks at every directory of the exec root and takes up the connections. A container without its monitor is ended. The
 * spawner of the daemon before goes first, or it would go on with what it was told.
 */
export async function observe(context: RuntimeContext): Promise<Observed[]> {
  const found = await withoutSpawners(context);
  const names = await readdir(`${context.execRoot}/monitors`).catch((error) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const known = new Set(names);
  killFound(found.filter(({ id }) => id !== undefined && !known.has(id)));
  if (context.copy) {
    removeOldCopies(
      context.copy,
      found.map(({ pid }) => pid),
    );
  }
  return Promise.all(names.map((id) => observeOne(context, id, found)));
}

/** All monitors, once nobody can fork another: a spawner that was still at work may have done so while we looked. */
async function withoutSpawners({ execRoot, spawner }: RuntimeContext): Promise<Found[]> {
  for (let pause = 1; ; pause *= 2) {
    const found = findMonitors(execRoot);
    const spawners = found.filter(({ id, pid }) => id === undefined && pid !== spawner.pid);
    if (spawners.length === 0 || pause > SPAWNERS_MS) return found;
    killFound(spawners);
    await delay(pause);
  }
}

async function observeOne(context: RuntimeContext, id: string, found: readonly Found[]): Promise<Observed> {
  const directory = runDirectory(context.execRoot, id);
  const record = readRun(directory);
  const run = record && new Run({ id, directory, record }, context);
  if (run) context.runs.set(id, run);
  if (!run || record.monitor.pid === 0) {
    // Its spawning was under way: nobody was told of it.
    killFound(found.filter((process) => process.id === id));
    return { id, monitorAlive: false, execs: [] };
  }
  run.exit = readExit(directory);
  const started = readStarted(directory);
  if (started) run.begin(started);
  if (run.exit) return { id, monitorAlive: false, ...facts(run), execs: [] };
  const { stub, execs, isHeard } = await reconnect(context, run);
  await tellExecs(context, run);
  if (isHeard) await forgetExecs(run, new Set(execs));
  return { id, monitorAlive: isAlive(record.monitor), ...(stub ? { stub } : {}), ...facts(run), execs };
}

/** Takes up the connection; the monitor may have ended, be stopped, or never have got that far. */
async function reconnect(
  { log }: RuntimeContext,
  run: Run,
): Promise<{ stub: number; execs: string[]; isHeard: boolean }> {
  const none = { stub: 0, execs: [], isHeard: false };
  try {
    run.link = await MonitorLink.open(run.directory, run);
  } catch (error) {
    log.debug('monitor not reached', { container: run.id, error });
    await settleWithout(run);
    return none;
  }
  const { link } = run;
  try {
    const state = await link.state(ANSWER_MS);
    run.adopt(state);
    return { stub: state.container.stub, execs: state.execs.filter(isLive).map(({ id }) => id), isHeard: true };
  } catch (error) {
    log.warn('monitor does not answer', { container: run.id, error });
    if (link.closed) await settleWithout(run);
    else
      link.state(2 ** 31 - 1).then(
        (state) => run.adopt(state),
        () => undefined,
      );
    return none;
  }
}

async function settleWithout(run: Run): Promise<void> {
  const { started } = run;
  run.exit ??= readExit(run.directory);
  if (run.exit || !started) return;
  if (isAlive(started)) await run.lost();
  else run.started = undefined;
}

/** Exits of execs that nobody was there to hear. */
async function tellExecs({ listeners }: RuntimeContext, run: Run): Promise<void> {
  for (const name of await readdir(run.directory)) {
    const execId = /^exec-([a-z0-9]+)\.json$/.exec(name)?.[1];
    if (!execId) continue;
    const { exitCode } = JSON.parse(await readFile(`${run.directory}/${name}`, 'utf8')) as { exitCode: number };
    listeners.execExit(run.id, execId, exitCode);
  }
}

/** Files of execs that the monitor does not know (any more). */
async function forgetExecs({ directory }: Run, live: ReadonlySet<string>): Promise<void> {
  const ids = (await readdir(directory)).flatMap((name) => /^exec-([a-z0-9]+)\./.exec(name)?.[1] ?? []);
  for (const id of new Set(ids)) if (!live.has(id)) forgetExec(directory, id);
}

const isLive = ({ phase }: { phase: string }) => phase === 'running' || phase === 'starting';

function facts({ started, startedAt, exit }: Run): Pick<Observed, 'started' | 'startedAt' | 'exit'> {
  return { ...(started ? { started, startedAt } : {}), ...(exit ? { exit } : {}) };
}

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { deadline, delay } from '#async';
import { detach, failpoint, isAlive, isErrno, signalProcess } from '#sys';
import { killAll } from './cgroup/kill-all.ts';
import { removeCgroup } from './cgroup/remove.ts';
import { deleteCommand, disablesCgroups } from './command.ts';
import type { RuntimeContext } from './context.ts';
import { findRuntime, runDirectory, shmPath } from './context.ts';
import { readRun } from './records.ts';
import type { Run } from './run.ts';

const QUIT_MS = 500;
const DELETE_MS = 5_000;
const SIGKILL = 9;

/**
 * Removes what a life leaves: monitor, stub, processes, cgroup, state and directory. Nothing there is success. A monitor
 * that still delivers the output of a finished container goes on until its clients have it all.
 */
export async function discard(context: RuntimeContext, id: string): Promise<void> {
  const { execRoot, runs, log } = context;
  const directory = runDirectory(execRoot, id);
  const run = runs.get(id);
  const record = run?.record ?? readRun(directory);
  if (run) {
    run.discarded = true;
    await run.ending;
    if (!run.exit) await endMonitor(run);
  } else if (record && isAlive(record.monitor)) {
    kill(record.monitor);
  }
  if (record) {
    const left = await killAll(record.cgroup);
    if (left > 0) log.warn('processes do not die', { container: id, left });
    failpoint('runtime.discard.killed');
    await removeState(context, id, record.runtime);
    await removeCgroup(record.cgroup);
    failpoint('runtime.discard.cgroup-removed');
    if (record.hasShm) {
      await detach(shmPath(execRoot, id));
      failpoint('runtime.discard.shm-unmounted');
    }
  }
  // A few small files of our own on a tmpfs: quicker than to go through the thread pool for each.
  rmSync(directory, { recursive: true, force: true });
  failpoint('runtime.discard.directory-removed');
  run?.link?.close();
  if (runs.get(id) === run) runs.delete(id);
}

/** Politely first: a monitor that is asked ends its stub too. One that does not answer is killed. */
async function endMonitor(run: Run): Promise<void> {
  const { monitor } = run.record;
  if (run.link && !run.started) await run.link.request('quit', [], QUIT_MS).catch(() => undefined);
  failpoint('runtime.discard.quit');
  for (let waited = 0; isAlive(monitor) && !run.started && waited < 16; waited++) await delay(1);
  if (isAlive(monitor)) kill(monitor);
  run.link?.close();
}

function kill(monitor: { pid: number; startTime: number }): void {
  try {
    signalProcess(monitor, SIGKILL);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** crun keeps a folder only; others (sandboxes, shims) must be told. */
async function removeState(context: RuntimeContext, id: string, name: string): Promise<void> {
  if (!context.runtimes.has(name)) return;
  const runtime = findRuntime(context, name);
  if (!disablesCgroups(runtime)) {
    const done = promisify(execFile)(runtime.path, deleteCommand(runtime, id));
    await deadline(done, DELETE_MS, 'the runtime did not delete in time').catch((error) =>
      context.log.warn('runtime did not delete', { container: id, error }),
    );
  }
  rmSync(`${runtime.root}/${id}`, { recursive: true, force: true });
  failpoint('runtime.discard.state-removed');
}

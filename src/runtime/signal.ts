import { delay } from '#async';
import { conflict } from '#errdefs';
import { failpoint, isErrno, signalProcess } from '#sys';
import { isFrozen, thaw } from './cgroup/freeze.ts';
import { killAll } from './cgroup/kill-all.ts';
import type { RuntimeContext } from './context.ts';
import { findRun } from './context.ts';

const SIGKILL = 9;
/** How long a kill by signal may take before every process of the cgroup is looked at. */
const PATIENCE_MS = 1_000;

/** Sends a signal to the container's first process; a conflict when it does not run (any more). */
export function signal(context: RuntimeContext, id: string, signo: number): void {
  const { started, exit } = findRun(context, id);
  if (!started || exit) throw conflict(`container ${id} is not running`);
  try {
    signalProcess(started, signo);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) throw conflict(`container ${id} is not running`, error);
    throw error;
  }
  failpoint('runtime.signal.sent');
}

/**
 * Kills every process of the container, also a paused one, without asking runtime or monitor. The kernel ends a pid
 * namespace with its first process; only where that is shared, or does not work, is each process looked for.
 */
export async function killContainer(context: RuntimeContext, id: string): Promise<void> {
  const run = findRun(context, id);
  if (run.exit) return;
  const { cgroup } = run.record;
  if (run.started && !run.sharesPids) {
    try {
      signalProcess(run.started, SIGKILL);
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
    failpoint('runtime.kill.sent');
    if (cgroup.version === 1 && isFrozen(cgroup)) thaw(cgroup);
    for (let waited = 0; !run.exit && waited < PATIENCE_MS; waited += 5) await delay(5);
    if (run.exit) return;
  }
  await killAll(cgroup);
  failpoint('runtime.kill.all');
}

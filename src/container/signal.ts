import { nowText } from '#api';
import { deadline, delay } from '#async';
import { processStartTime } from '#sys';
import type { Context } from './context.ts';
import { settleExit } from './exit.ts';
import type { Container } from './record.ts';
import { SIGKILL } from './signals.ts';

const POLL_MS = 100;
/** How long a process may be gone without an exit record before its monitor is given up. */
const LOST_MS = 1_500;
const SEND_MS = 5_000;

/** Resolves with true when the end of the present life is on record, with false after `ms` (negative: never). */
export async function ended(context: Context, container: Container, ms: number): Promise<boolean> {
  const giveUp = new AbortController();
  const end = context.waiters.wait(container, 'next-exit', giveUp.signal).then(() => true);
  if (ms < 0) return await end;
  const late = delay(ms, { signal: giveUp.signal }).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([end, late]);
  } finally {
    giveUp.abort();
  }
}

/** Sends a signal to the container's first process; a paused one is thawed, as it could not act on it. */
export async function send(context: Context, container: Container, signo: number): Promise<void> {
  const { runtime } = context;
  const sending =
    signo === SIGKILL ? runtime.killAll(container.id) : Promise.resolve(runtime.signal(container.id, signo));
  await deadline(sending, SEND_MS, 'the signal was not sent in time');
}

/**
 * Waits for the end after SIGKILL. A process that is gone although nobody tells so (its monitor hangs or died) is put on
 * record as killed.
 */
export async function endedForSure(context: Context, container: Container, budgetMs: number): Promise<boolean> {
  const until = Date.now() + budgetMs;
  let goneSince: number | undefined;
  const giveUp = new AbortController();
  let over = false;
  void context.waiters.wait(container, 'next-exit', giveUp.signal).then(() => (over = true));
  try {
    while (!over && Date.now() < until) {
      if (isGone(container)) goneSince ??= Date.now();
      if (goneSince !== undefined && Date.now() - goneSince >= LOST_MS) declareKilled(context, container);
      if (!over) await Promise.race([delay(POLL_MS), ended(context, container, POLL_MS)]);
    }
    return over;
  } finally {
    giveUp.abort();
  }
}

/** Whether its process is no more, though its end may not be on record yet. */
export function isGone({ phase }: Container): boolean {
  return 'process' in phase && processStartTime(phase.process.pid) !== phase.process.startTime;
}

function declareKilled(context: Context, container: Container): void {
  context.log.warn('no exit record from the monitor', { container: container.id });
  settleExit(context, container.id, { exitCode: 128 + SIGKILL, oomKilled: false, finishedAt: nowText() });
}

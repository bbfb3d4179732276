import { internal } from '#errdefs';
import { bootId, failpoint } from '#sys';
import type { Context } from './context.ts';
import { giveUpRestart, killAndWait, prefixed, thaw } from './kill.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { ended, send } from './signal.ts';
import { parseSignal } from './signals.ts';
import { next } from './state.ts';
import { tell } from './tell.ts';

const KILL_MS = 10_000;
/** Docker: a signal that could not be sent gets this long before KILL. */
const UNSENT_MS = 2_000;

export interface StopOptions {
  readonly reference: string;
  readonly signal: string | undefined;
  /** Seconds; undefined: the container's own, else the daemon's; negative: for ever. */
  readonly timeout: number | undefined;
}

/** Ends a container with its stop signal, after the timeout with KILL. Returns when the end is on record. */
export async function stop(context: Context, container: Container, options: StopOptions): Promise<void> {
  next(container, 'stop');
  try {
    await bringToEnd(context, container, options, 'stop');
  } catch (error) {
    // Docker: whatever keeps a container from stopping is a 500.
    throw internal(prefixed(error, `cannot stop container: ${options.reference}: `).message, error);
  }
}

/** The way down that `stop` and `restart` share; `verb` is put on record before the first effect. */
export async function bringToEnd(
  context: Context,
  container: Container,
  { signal, timeout }: Omit<StopOptions, 'reference'>,
  verb: 'stop' | 'restart',
): Promise<void> {
  const { store, rows } = context;
  const signo = parseSignal(signal || container.spec.config.StopSignal || 'TERM');
  store.tx(() => {
    rows.begin(container.id, verb, bootId(), { signal: signo, timeout: timeout ?? null });
    if (verb === 'stop') rows.change(container.id, { manuallyStopped: true });
    if (hasProcess(container)) tell(context, container, 'kill', { signal: String(signo) });
  });
  failpoint(`container.${verb}.intended`);
  if (!hasProcess(container)) return giveUpRestart(context, container);
  await endWithin(context, container, { signo, ms: graceMs(context, container, timeout) });
  failpoint(`container.${verb}.ended`);
}

async function endWithin(
  context: Context,
  container: Container,
  { signo, ms }: { signo: number; ms: number },
): Promise<void> {
  const grace = new AbortController();
  const over = context.waiters.wait(container, 'next-exit', grace.signal).then(() => true);
  const sent = await deliver(context, container, signo);
  failpoint('container.stop.signalled');
  const patience = sent ? ms : ms < 0 ? UNSENT_MS : Math.min(ms, UNSENT_MS);
  const done = await Promise.race([over, ended(context, container, patience)]);
  grace.abort();
  if (done || !stillRuns(context, container)) return;
  await killAndWait(context, container, { budgetMs: KILL_MS });
}

async function deliver(context: Context, container: Container, signo: number): Promise<boolean> {
  try {
    await send(context, container, signo);
    if (container.status === 'paused') await thaw(context, container);
    return true;
  } catch (error) {
    context.log.warn('stop signal not delivered', { container: container.id, signal: signo, error });
    return false;
  }
}

function stillRuns({ rows }: Context, { id }: Container): boolean {
  const current = rows.get(id);
  return current !== undefined && hasProcess(current);
}

function graceMs({ settings }: Context, { spec }: Container, timeout: number | undefined): number {
  const seconds = timeout ?? spec.config.StopTimeout ?? settings.stopTimeout;
  return seconds < 0 ? -1 : seconds * 1000;
}

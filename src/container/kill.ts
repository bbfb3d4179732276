import { EngineError, internal } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { endedForSure, send } from './signal.ts';
import { assertSignal, parseSignal, SIGKILL } from './signals.ts';
import { next } from './state.ts';
import { tell } from './tell.ts';

/** Docker: a kill waits this long for the end, then tells that it did not come. */
const KILL_MS = 10_000;

export interface KillOptions {
  /** As the user gave the container: Docker's messages repeat it. */
  readonly reference: string;
  readonly signal: string | undefined;
}

/** Sends a signal; KILL (the default) also waits until the container has ended. */
export async function kill(context: Context, container: Container, { reference, signal }: KillOptions): Promise<void> {
  try {
    const signo = parseSignal(signal || 'KILL');
    assertSignal(signo);
    if (signo === SIGKILL) await killAndWait(context, container, { budgetMs: KILL_MS });
    else await signalOnce(context, container, signo);
  } catch (error) {
    throw prefixed(error, `cannot kill container: ${reference}: `);
  }
}

/** Kills and waits until the end is on record. */
export async function killAndWait(
  context: Context,
  container: Container,
  { budgetMs }: { budgetMs: number },
): Promise<void> {
  recordSignal(context, container, SIGKILL);
  failpoint('container.kill.recorded');
  if (!hasProcess(container)) return giveUpRestart(context, container);
  const end = endedForSure(context, container, budgetMs);
  await send(context, container, SIGKILL).catch((error) =>
    context.log.warn('kill not delivered', { container: container.id, error }),
  );
  failpoint('container.kill.sent');
  if (!(await end)) throw internal('tried to kill container, but did not receive an exit event');
}

async function signalOnce(context: Context, container: Container, signo: number): Promise<void> {
  recordSignal(context, container, signo);
  failpoint('container.kill.recorded');
  if (!hasProcess(container)) return giveUpRestart(context, container);
  await send(context, container, signo);
  failpoint('container.kill.sent');
  if (container.status === 'paused' && endsFor(container, signo)) await thaw(context, container);
}

/** The event, and with a signal that means to end it, that the user wants it down. */
function recordSignal({ store, rows, ...context }: Context, container: Container, signo: number): void {
  next(container, 'signal');
  store.tx(() => {
    if (endsFor(container, signo)) rows.change(container.id, { manuallyStopped: true });
    tell(context, container, 'kill', { signal: String(signo) });
  });
}

/** Docker: with a StopSignal only that one and KILL end a container for its restart policy, without one every signal. */
function endsFor({ spec }: Container, signo: number): boolean {
  const own = spec.config.StopSignal;
  return !own || signo === SIGKILL || parseSignal(own) === signo;
}

/** Between two lives there is no process: not coming back is the end. */
export function giveUpRestart({ store, rows, restarts, waiters, ...context }: Context, container: Container): void {
  store.tx(() => {
    rows.change(container.id, { phase: { status: next(container, 'stop') } as Container['phase'] });
    rows.end(container.id);
    tell(context, container, 'stop');
  });
  restarts.cancel(container.id);
  failpoint('container.stop.restart-cancelled');
  waiters.exited(container.id, { StatusCode: container.exitCode });
}

/** Lets a paused container run on, so that it can act on a signal. */
export async function thaw({ runtime, store, rows, ...context }: Context, container: Container): Promise<void> {
  await runtime.resume(container.id);
  failpoint('container.unpause.resumed');
  store.tx(() => {
    const current = rows.get(container.id);
    if (current?.phase.status !== 'paused') return;
    rows.change(current.id, { phase: { status: 'running', process: current.phase.process } });
    tell(context, current, 'unpause');
  });
}

/** The same kind of error with words in front. */
export function prefixed(error: unknown, words: string): Error {
  if (!(error instanceof EngineError)) return internal(words + (error as Error).message, error);
  return new EngineError(error.kind, words + error.message, error);
}

import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { stop } from './stop.ts';

/**
 * Stops every container that runs, all at once, each with its own signal and timeout: the host is going down. Unlike
 * stops by the user these are forgotten: what restarts at boot still does.
 */
export async function stopAll(context: Context): Promise<void> {
  const running = context.rows.list().filter(hasProcess);
  const outcomes = await Promise.allSettled(running.map((container) => stopOne(context, container)));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    context.log.warn('not stopped in time', { container: running[index]!.id, error: outcome.reason });
  }
}

async function stopOne(context: Context, { id }: Container): Promise<void> {
  using _ = await context.locks.lock(id);
  const container = context.rows.get(id);
  if (!container || !hasProcess(container)) return;
  const { manuallyStopped } = container;
  await stop(context, container, { reference: container.name, signal: undefined, timeout: undefined });
  context.store.tx(() => context.rows.change(id, { manuallyStopped }));
}

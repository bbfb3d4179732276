import { removeAfterEnd } from './auto-remove.ts';
import type { Context } from './context.ts';
import { keepEnd } from './keep-end.ts';
import { ignite } from './launch.ts';
import type { Container } from './record.ts';

/**
 * Starts a container that is not running. A container of `--rm` that does not start is removed. What it gives puts the
 * life on record and is to be called once, after the answer; a container that a policy keeps up is on record before.
 */
export async function start(context: Context, container: Container): Promise<() => Promise<void>> {
  try {
    const subject = { ...container, ...resetFlags(context, container) };
    const record = await ignite(context, subject, { verb: 'start' });
    if (['', 'no'].includes(container.spec.hostConfig.RestartPolicy.Name)) return record;
    await record();
    await context.store.durable();
    return () => Promise.resolve();
  } catch (error) {
    const failed = context.rows.get(container.id);
    if (failed && failed.status === 'created' && failed.error !== '') removeAfterEnd(context, failed);
    throw error;
  }
}

/** A start by the user ends a manual stop and begins a new count of restarts. */
function resetFlags({ store, rows }: Context, container: Container): Partial<Container> {
  if (!container.manuallyStopped && container.restartCount === 0) return {};
  if (container.status !== 'created' && container.status !== 'exited') return {};
  store.tx(() => {
    keepEnd({ rows }, container);
    rows.change(container.id, { manuallyStopped: false, restartCount: 0 });
  });
  return { manuallyStopped: false, restartCount: 0 };
}

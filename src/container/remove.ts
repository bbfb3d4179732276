import { bootId, failpoint } from '#sys';
import { cleanUp } from './clean-up.ts';
import type { Context } from './context.ts';
import { killAndWait } from './kill.ts';
import type { Container } from './record.ts';
import { isUp } from './record.ts';
import { next } from './state.ts';
import { tell } from './tell.ts';

/** `rm -f` must end in 10 s whatever hangs. */
const KILL_BUDGET_MS = 6_000;

export interface RemoveOptions {
  readonly force: boolean;
  /** Anonymous volumes go too. */
  readonly volumes: boolean;
  readonly link: boolean;
}

/**
 * Removes a container. With `force` a running one is killed first. When the row is gone the name is free and waiters are
 * answered; sandbox, snapshot and files follow, found by the sweep should the daemon die meanwhile.
 */
export async function remove(context: Context, container: Container, options: RemoveOptions): Promise<void> {
  const { id } = container;
  const down = await bringDown(context, container, options);
  context.restarts.cancel(id);
  const volumes = options.volumes ? down.mounts.filter(({ anonymous }) => anonymous) : [];
  if (volumes.length > 0)
    await removeVolumes(
      context,
      down,
      volumes.map(({ name }) => name!),
    );
  context.store.tx(() => {
    tell(context, down, 'destroy');
    context.networks.forget(id);
    context.rows.delete(id);
  });
  failpoint('container.remove.recorded');
  // Docker: who waits for the removal is not told why a start failed: the starter is.
  context.waiters.removed(id, { StatusCode: down.exitCode });
  context.health.forget(id);
  context.execs.forgetAll(id);
  void cleanUp(context, down, { removed: true });
}

async function bringDown(context: Context, container: Container, { force }: RemoveOptions): Promise<Container> {
  const { store, rows, sandboxes } = context;
  const { id } = container;
  if (!force || !isUp(container)) {
    next(container, 'remove');
    // An idle sandbox would be found by the clean-up, but only after its own timer had been cancelled.
    if (sandboxes.has(id)) void sandboxes.discard(id).catch(() => undefined);
    return container;
  }
  store.tx(() => rows.begin(id, 'remove', bootId(), {}));
  failpoint('container.remove.intended');
  await killAndWait(context, container, { budgetMs: KILL_BUDGET_MS });
  failpoint('container.remove.killed');
  return rows.get(id) ?? container;
}

/** The volumes go while the row still says whose they were: a crash finds the operation and goes on. */
async function removeVolumes(context: Context, container: Container, names: string[]): Promise<void> {
  const { store, rows, volumes, log } = context;
  store.tx(() => {
    rows.change(container.id, { phase: { status: next(container, 'remove') } as Container['phase'] });
    rows.begin(container.id, 'remove', bootId(), { volumes: true });
  });
  failpoint('container.remove.removing');
  await context.cleanups.get(container.id);
  for (const name of names) {
    if (rows.containersUsingVolume(name).some(({ id }) => id !== container.id)) continue;
    try {
      store.tx(() => rows.dropMount(container.id, name));
      await volumes.remove(name, true);
    } catch (error) {
      log.warn('anonymous volume not removed', { container: container.id, volume: name, error });
    }
    failpoint('container.remove.volume-removed');
  }
}

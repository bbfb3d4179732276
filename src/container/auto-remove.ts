import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { remove } from './remove.ts';

/** Removes a container of `--rm` whose life is over, in its turn among the verbs; any other stays. */
export function removeAfterEnd(context: Context, container: Container): void {
  if (!container.spec.hostConfig.AutoRemove) return;
  const { id } = container;
  removeInTurn(context, id).catch((error: Error) => {
    context.log.warn('automatic removal failed', { container: id, error });
    // Docker: who waits for the removal hears that it failed.
    context.waiters.removed(id, { StatusCode: container.exitCode, Error: { Message: error.message } });
  });
}

async function removeInTurn(context: Context, id: string): Promise<void> {
  using _ = await context.locks.lock(id);
  const current = context.rows.get(id);
  if (current) await remove(context, current, { force: false, volumes: true, link: false });
}

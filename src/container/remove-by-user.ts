import { conflict, internal } from '#errdefs';
import type { Context } from './context.ts';
import { killAndWait, prefixed } from './kill.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import type { RemoveOptions } from './remove.ts';
import { remove } from './remove.ts';
import { next } from './state.ts';

/** How long a forced removal waits for the verb before it. Then that one hangs, and the removal goes on without it. */
const TURN_MS = 3_000;
const KILL_MS = 4_000;

const removing = new WeakMap<Context, Set<string>>();

/**
 * A removal that a user asks for. With `force` it does not queue behind a verb that waits or hangs: what runs is killed,
 * a start under way loses its sandbox.
 */
export async function removeByUser(
  context: Context,
  container: Container,
  options: RemoveOptions & { readonly reference: string },
): Promise<void> {
  const { id } = container;
  if (options.link) return dropLink(context, options.reference);
  const underWay = removing.get(context) ?? new Set();
  removing.set(context, underWay);
  if (underWay.has(id)) throw conflict(`removal of container ${options.reference} is already in progress`);
  if (!options.force) next({ ...container, name: options.reference }, 'remove');
  underWay.add(id);
  try {
    if (options.force && context.locks.isLocked(id)) await interrupt(context, container);
    using _ = await turn(context, id, options.force);
    const current = context.rows.get(id);
    if (current) await remove(context, { ...current }, options);
  } catch (error) {
    throw options.force
      ? prefixed(error, `cannot remove container "${options.reference}": could not kill container: `)
      : error;
  } finally {
    underWay.delete(id);
  }
}

/** Docker: removes a link by its full name, never the container. */
function dropLink({ store, rows }: Context, reference: string): void {
  const isDropped = store.tx(() => rows.dropLink(reference));
  if (!isDropped) throw internal('Conflict, cannot remove the default link name of the container');
}

async function interrupt(context: Context, container: Container): Promise<void> {
  const { id } = container;
  const work = context.starting.has(id)
    ? context.runtime.discard(id)
    : hasProcess(container)
      ? killAndWait(context, container, { budgetMs: KILL_MS })
      : Promise.resolve();
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, KILL_MS).unref())]).catch((error) =>
    context.log.warn('interrupted verb did not yield', { container: id, error }),
  );
}

async function turn({ locks, log }: Context, id: string, force: boolean): Promise<Disposable> {
  if (!force) return await locks.lock(id);
  try {
    return await locks.lock(id, AbortSignal.timeout(TURN_MS));
  } catch {
    log.warn('removal goes on without its turn', { container: id });
    return { [Symbol.dispose]() {} };
  }
}

import { deadline } from '#async';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import { removeFolder } from './folder.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { releaseVolumes } from './resolve-mounts.ts';

const STEP_MS = 10_000;
/** What fails is tried again, at last by the sweep of the next start. */
const RETRY_MS = 5_000;
const TRIES = 5;

/**
 * Takes away what an ended life left: sandbox, cgroup, endpoints, and with `removed` also the files. It runs after the
 * answer; the next life of the container waits for it.
 */
export function cleanUp(
  context: Context,
  container: Pick<Container, 'id' | 'imageId'>,
  options: { removed: boolean; attempt?: number },
): Promise<void> {
  const { id, imageId } = container;
  const earlier = context.cleanups.get(id) ?? Promise.resolve();
  const work = earlier
    .then(() => takeAway(context, id, options))
    .then(() => (options.removed ? context.images.released(imageId) : undefined))
    .catch((error) => {
      context.log.warn('clean-up not finished', { container: id, error });
      tryAgain(context, container, options);
    });
  context.cleanups.set(id, work);
  return work.finally(() => {
    if (context.cleanups.get(id) === work) context.cleanups.delete(id);
  });
}

function tryAgain(
  context: Context,
  container: Pick<Container, 'id' | 'imageId'>,
  { removed, attempt = 1 }: { removed: boolean; attempt?: number },
): void {
  if (attempt >= TRIES) return;
  const again = () => {
    if (!isAlive(context, container.id)) void cleanUp(context, container, { removed, attempt: attempt + 1 });
  };
  setTimeout(again, RETRY_MS).unref();
}

/** Whether what is there now belongs to a next life. */
function isAlive({ rows, starting, sandboxes }: Context, id: string): boolean {
  const container = rows.get(id);
  return starting.has(id) || sandboxes.has(id) || (container !== undefined && hasProcess(container));
}

async function takeAway(context: Context, id: string, { removed }: { removed: boolean }): Promise<void> {
  const { runtime, networks } = context;
  const results = await Promise.allSettled([
    deadline(runtime.discard(id), STEP_MS, 'the sandbox was not removed in time'),
    deadline(networks.detach(id), STEP_MS, 'the network was not detached in time'),
  ]);
  failpoint('container.clean-up.detached');
  if (removed) await takeFiles(context, id);
  await releaseVolumes(context);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** A removal on record must survive a power cut before its files go. */
async function takeFiles(context: Context, id: string): Promise<void> {
  await context.store.durable();
  await context.snapshots.remove(id);
  failpoint('container.clean-up.snapshot-removed');
  await context.logging.release(id);
  await removeFolder(context, id);
  failpoint('container.clean-up.folder-removed');
}

import { deadline } from '#async';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import { removeFolder } from './folder.ts';
import type { Container } from './record.ts';

const STEP_MS = 10_000;

/**
 * Takes away what an ended life left: sandbox, cgroup, endpoints, and with `removed` also the files. It runs after the
 * answer; the next life of the container waits for it. What fails is found again by the sweep.
 */
export function cleanUp(
  context: Context,
  container: Pick<Container, 'id' | 'imageId'>,
  options: { removed: boolean },
): Promise<void> {
  const { id, imageId } = container;
  const earlier = context.cleanups.get(id) ?? Promise.resolve();
  const work = earlier
    .then(() => takeAway(context, id, options))
    .then(() => (options.removed ? context.images.released(imageId) : undefined))
    .catch((error) => context.log.warn('clean-up not finished', { container: id, error }));
  context.cleanups.set(id, work);
  return work.finally(() => {
    if (context.cleanups.get(id) === work) context.cleanups.delete(id);
  });
}

async function takeAway(context: Context, id: string, { removed }: { removed: boolean }): Promise<void> {
  const { runtime, networks } = context;
  const results = await Promise.allSettled([
    deadline(runtime.discard(id), STEP_MS, 'the sandbox was not removed in time'),
    deadline(networks.detach(id), STEP_MS, 'the network was not detached in time'),
  ]);
  failpoint('container.clean-up.detached');
  if (removed) await takeFiles(context, id);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** A removal on record must survive a power cut before its files go. */
async function takeFiles({ store, snapshots, settings }: Context, id: string): Promise<void> {
  await store.durable();
  await snapshots.remove(id);
  failpoint('container.clean-up.snapshot-removed');
  await removeFolder(settings, id);
  failpoint('container.clean-up.folder-removed');
}

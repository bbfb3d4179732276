import type { ContainerConfig } from '#api';
import { conflict, notFound } from '#errdefs';
import type { Reference } from '#oci';
import { familiarString } from '#oci';
import { bootId, failpoint } from '#sys';
import type { Context } from './context.ts';
import { mergeOnto } from './merge.ts';
import { pause } from './pause.ts';
import type { Container } from './record.ts';
import { tell } from './tell.ts';
import { unpause } from './unpause.ts';

export interface CommitOptions {
  /** Replaces the container's own config; what it leaves out is taken from that. */
  readonly config: ContainerConfig | undefined;
  /** Lines of a Dockerfile. */
  readonly changes: readonly string[];
  readonly reference: Reference | undefined;
  readonly author: string;
  readonly comment: string;
  /** Whether a running container is paused meanwhile. */
  readonly pause: boolean;
  readonly signal: AbortSignal;
}

/** Makes an image of a container: of its image, what it changed, and its config. Volumes are no part of it. */
export async function commit(context: Context, container: Container, options: CommitOptions): Promise<{ Id: string }> {
  const { id, status, spec } = container;
  if (status === 'dead') throw conflict(`You cannot commit container ${id} which is Dead`);
  if (status === 'removing') throw conflict(`You cannot commit container ${id} which is being removed`);
  const changed = context.images.applyChanges(options.changes, options.config ?? spec.config);
  const config = mergeOnto(changed, spec.config);
  if (!options.pause || status !== 'running') return { Id: await makeImage(context, container, { options, config }) };
  context.store.tx(() => context.rows.begin(id, 'commit', bootId()));
  failpoint('container.commit.intended');
  try {
    await pauseIfAlive(context, container);
    return { Id: await makeImage(context, container, { options, config }) };
  } finally {
    await finishCommit(context, id);
  }
}

/** Docker: what cannot be paused, as its process ends just now, is committed as it is. */
async function pauseIfAlive(context: Context, container: Container): Promise<void> {
  try {
    await pause(context, container);
  } catch (error) {
    context.log.warn('container not paused for its commit', { container: container.id, error });
  }
}

/** Lets a container run on that was paused for a commit. */
export async function finishCommit(context: Context, id: string): Promise<void> {
  const current = context.rows.get(id);
  if (current?.status === 'paused') await unpause(context, current);
  else if (current?.status === 'running') await context.runtime.resume(id);
  failpoint('container.commit.resumed');
  context.store.tx(() => context.rows.end(id));
  failpoint('container.commit.ended');
}

async function makeImage(
  context: Context,
  container: Container,
  { options, config }: { options: CommitOptions; config: ContainerConfig },
): Promise<string> {
  const { id, imageId, spec } = container;
  const { author, comment, reference, signal } = options;
  const made = await context.images.commit({
    parent: imageId,
    container: id,
    containerConfig: spec.config,
    config,
    author,
    comment,
    reference,
    signal,
    layer: async (output) => {
      const unplaced = await context.snapshots.commit(id, output, { signal });
      // Removed meanwhile: who knows what was still there.
      if (context.rows.get(id)) return unplaced;
      await unplaced[Symbol.asyncDispose]();
      throw notFound(`No such container: ${id}`);
    },
  });
  const imageRef = reference ? familiarString(reference) : '';
  context.store.tx(() => tell(context, container, 'commit', { comment, imageID: made, imageRef }));
  failpoint('container.commit.told');
  return made;
}

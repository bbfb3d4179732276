import type { Readable } from 'node:stream';
import type { PathStat } from '#api';
import { internal } from '#errdefs';
import type { Context } from '../context.ts';
import type { Found } from '../deps.ts';
import type { Container } from '../record.ts';
import { tell } from '../tell.ts';
import { outflow } from './outflow.ts';
import { absolutePath, asMissing, baseName, pathStat } from './path.ts';
import type { Reach } from './reach.ts';
import { reaching } from './reach.ts';

export interface CopyOutOptions {
  readonly path: string;
  /** The container as the client named it. */
  readonly reference: string;
  readonly signal: AbortSignal;
}

/** What stands at a path of a container, and an archive of it. Resolves when it is found; the archive then flows. */
export async function copyOut(
  context: Context,
  container: Container,
  options: CopyOutOptions,
): Promise<{ stat: PathStat; body: Readable }> {
  return await reaching(context, container.id, { writes: false, binds: true }, (reached) =>
    flowOf(context, reached, options),
  );
}

async function flowOf(
  context: Context,
  reached: Reach,
  { path, reference, signal }: CopyOutOptions,
): Promise<{ stat: PathStat; body: Readable }> {
  const { container } = reached;
  const { id } = container;
  const found = Promise.withResolvers<Found>();
  const body = outflow(
    async (output) => {
      const request = { path: absolutePath(path), name: baseName(path), view: reached.view, output };
      await context.snapshots.copyOut(id, { ...request, onFound: found.resolve }, { signal }).catch((error) => {
        found.reject(error);
        throw error;
      });
      found.reject(internal('nothing was found'));
    },
    async () => await reached[Symbol.asyncDispose](),
  );
  try {
    const stat = pathStat(path, await found.promise);
    context.store.tx(() => tell(context, container, 'archive-path'));
    return { stat, body };
  } catch (error) {
    throw asMissing(error, path, reference);
  }
}

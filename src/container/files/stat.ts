import type { PathStat } from '#api';
import type { Context } from '../context.ts';
import type { Container } from '../record.ts';
import { absolutePath, asMissing, pathStat } from './path.ts';
import { reaching } from './reach.ts';

/** What a path of a container is; `reference` is the container as the client named it. */
export async function statPath(
  context: Context,
  { id }: Container,
  { path, reference }: { readonly path: string; readonly reference: string },
): Promise<PathStat> {
  try {
    return await reaching(context, id, { writes: false, binds: true }, async (reached) => {
      await using _ = reached;
      return pathStat(path, await context.snapshots.find(id, absolutePath(path), reached.view));
    });
  } catch (error) {
    throw asMissing(error, path, reference);
  }
}

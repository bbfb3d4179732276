import type { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import type { Container } from '../record.ts';
import { tell } from '../tell.ts';
import { outflow } from './outflow.ts';
import { reach } from './reach.ts';

/** An archive of all files of a container, those of its volumes not among them. */
export async function exportContainer(context: Context, container: Container, signal: AbortSignal): Promise<Readable> {
  const { id } = container;
  const reached = await reach(context, id, { writes: false, binds: false });
  const body = outflow(
    (output) => context.snapshots.export(id, reached.view, output, { signal }),
    async () => await reached[Symbol.asyncDispose](),
  );
  context.store.tx(() => tell(context, container, 'export'));
  return body;
}

import { EngineError, invalid } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import { parseName } from './names.ts';
import type { Container } from './record.ts';
import { tell } from './tell.ts';

/** Gives a container another name; its id, its hostname and its processes stay. */
export function rename(context: Context, container: Container, to: string): void {
  if (to === '') throw invalid('Neither old nor new names may be empty');
  if (to.replace(/^\//, '') === container.name) {
    throw invalid('Renaming a container with the same name as its current name');
  }
  context.store.tx(() => {
    allocate(context, container, to);
    const renamed = context.rows.get(container.id)!;
    context.networks.rename(container.id, renamed.name);
    tell(context, renamed, 'rename', { oldName: `/${container.name}` });
  });
  failpoint('container.rename.recorded');
}

function allocate({ rows }: Context, container: Container, to: string): void {
  try {
    rows.rename(container.id, parseName(to.startsWith('/') ? to : `/${to}`));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `Error when allocating new name: ${error.message}`, error);
  }
}

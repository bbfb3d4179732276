import { conflict } from '#errdefs';
import type { Context } from './context.ts';
import type { Size } from './deps.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { tell } from './tell.ts';

/** Sets the size of a container's terminal, in characters. Without one it is nothing. */
export async function resize(context: Context, container: Container, size: Size): Promise<void> {
  if (!hasProcess(container)) throw conflict(`container ${container.id} is not running`);
  if (container.spec.config.Tty) await context.runtime.resize(container.id, size);
  context.store.tx(() =>
    tell(context, container, 'resize', { height: String(size.height), width: String(size.width) }),
  );
}

import { internal } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import { keepEnd } from './keep-end.ts';
import { prefixed } from './kill.ts';
import { launch } from './launch.ts';
import type { Container } from './record.ts';
import { isUp } from './record.ts';
import type { StopOptions } from './stop.ts';
import { bringToEnd } from './stop.ts';

/** Stops a container if it runs, and starts it. `--rm` and the restart policy keep out of it. */
export async function restart(context: Context, container: Container, options: StopOptions): Promise<void> {
  try {
    if (isUp(container)) await bringToEnd(context, container, options, 'restart');
    const down = context.rows.get(container.id);
    if (!down) return;
    if (down.manuallyStopped || down.restartCount > 0) {
      context.store.tx(() => {
        keepEnd(context, down);
        context.rows.change(down.id, { manuallyStopped: false, restartCount: 0 });
      });
    }
    failpoint('container.restart.down');
    await launch(context, { ...down, manuallyStopped: false, restartCount: 0 }, { verb: 'restart' });
  } catch (error) {
    const { message } = prefixed(error, `Cannot restart container ${options.reference}: `);
    throw internal(message, error);
  }
}

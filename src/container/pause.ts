import { deadline } from '#async';
import { internal } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { next } from './state.ts';
import { tell } from './tell.ts';

const FREEZE_MS = 10_000;

/** Freezes every process of a running container. */
export async function pause(context: Context, container: Container): Promise<void> {
  next(container, 'pause');
  try {
    await deadline(context.runtime.pause(container.id), FREEZE_MS, 'the freezer did not answer in time');
  } catch (error) {
    throw internal(`cannot pause container ${container.id}: ${(error as Error).message}`, error);
  }
  failpoint('container.pause.frozen');
  context.store.tx(() => {
    const current = context.rows.get(container.id);
    // It may have ended meanwhile.
    if (current?.phase.status !== 'running') return;
    context.rows.change(current.id, { phase: { status: 'paused', process: current.phase.process } });
    tell(context, current, 'pause');
  });
  failpoint('container.pause.recorded');
}

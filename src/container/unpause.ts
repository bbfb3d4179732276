import { deadline } from '#async';
import { internal } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import { thaw } from './kill.ts';
import type { Container } from './record.ts';
import { next } from './state.ts';

const THAW_MS = 10_000;

/** Lets a paused container run on. */
export async function unpause(context: Context, container: Container): Promise<void> {
  next(container, 'unpause');
  try {
    await deadline(thaw(context, container), THAW_MS, 'the freezer did not answer in time');
  } catch (error) {
    throw internal(`Cannot unpause container ${container.id}: ${(error as Error).message}`, error);
  }
  failpoint('container.unpause.recorded');
}

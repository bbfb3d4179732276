import type { TopResponse } from '#api';
import { conflict } from '#errdefs';
import type { Context } from './context.ts';
import { parsePsOutput } from './ps-output.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { tell } from './tell.ts';

/** Lists the processes of a container as the host's `ps` does with these words. */
export async function top(context: Context, container: Container, words: string): Promise<TopResponse> {
  const { id, status } = container;
  if (status === 'restarting') throw conflict(`Container ${id} is restarting, wait until the container is running`);
  if (!hasProcess(container)) throw conflict(`container ${id} is not running`);
  const { pids, output } = await context.runtime.top(id, words.split(' '));
  const response = parsePsOutput(output, new Set(pids));
  context.store.tx(() => tell(context, container, 'top'));
  return response;
}

import type { Context } from './context.ts';
import { hasProcess } from './record.ts';
import { tell } from './tell.ts';

/** The kernel killed in the container for want of memory; that alone does not end it. */
export function outOfMemory(context: Context, id: string): void {
  context.store.tx(() => {
    const container = context.rows.get(id);
    if (!container || !hasProcess(container)) return;
    context.rows.change(id, { oomKilled: true });
    tell(context, container, 'oom');
  });
}

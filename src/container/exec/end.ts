import { conflict, internal } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from '../context.ts';
import type { Size } from '../deps.ts';
import { hasProcess } from '../record.ts';
import { tellExec } from './create.ts';

/** The process of an exec has ended, says its monitor. */
export function execEnded(
  context: Context,
  { containerId, execId, exitCode }: { containerId: string; execId: string; exitCode: number },
): void {
  if (!context.execs.has(execId)) return;
  const exec = context.execs.get(execId);
  const container = context.rows.get(containerId);
  if (container && exec.status !== 'ended') {
    tellExec(context, container, { exec, action: 'exec_die', more: { exitCode: String(exitCode) } });
    failpoint('container.exec.ended');
  }
  context.execs.end(execId, exitCode);
}

/** Sets the size of an exec's terminal, in characters. */
export async function resizeExec(context: Context, id: string, size: Size): Promise<void> {
  const exec = context.execs.get(id);
  const container = context.rows.get(exec.containerId);
  if (!container || !hasProcess(container)) throw conflict(`container ${exec.containerId} is not running`);
  if (exec.status !== 'running' || exec.pid === 0) throw internal(`exec process is not started`);
  if (exec.config.Tty) await context.runtime.resizeExec(exec.containerId, id, size);
}

import { copyDescriptor, failpoint } from '#sys';
import type { RuntimeContext } from './context.ts';
import { findRun } from './context.ts';
import { MonitorError } from './monitor/messages.ts';

const HOLD_MS = 5_000;

/** A socket in a container's network namespace. */
export interface InnerSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}

/**
 * Has the monitor open sockets in the container's network namespace, or finds those that it holds already, and gives copies
 * of their descriptors, which are the caller's. What comes while no daemon has copies waits in them.
 */
export async function hold(context: RuntimeContext, id: string, sockets: readonly InnerSocket[]): Promise<number[]> {
  const run = findRun(context, id);
  if (!run.link) throw new MonitorError('gone', 0, 'the monitor is gone');
  const fields = sockets.map(({ protocol, ip, port }) => [protocol, ip, port]);
  const answer = await run.link.request('hold', [fields], HOLD_MS);
  failpoint('runtime.hold.held');
  return answer.map((descriptor) => copyDescriptor(run.record.monitor, Number(descriptor)));
}

import { internal } from '#errdefs';
import { networkingError } from './allocate-port.ts';
import { attachRequest } from './attach-request.ts';
import { restoreBridge } from './bridge.ts';
import { asBridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import { KernelError } from './kernel/kernel.ts';
import { BRIDGE_GONE } from './kernel/protocol.ts';
import { NAME_SOCKETS } from './names/serve.ts';
import type { EndpointRow, PortRow } from './store.ts';

/** Sockets that a sandbox's name server needs in its namespace. */
export type NameSockets = typeof NAME_SOCKETS | readonly [];

/**
 * Connects a reserved sandbox: `pid` is a process in its network namespace. The interface first, then the ways in.
 * A container without a network of its own only gets its loopback; one in the host's namespace nothing.
 */
export async function attach(context: Context, containerId: string, { pid }: { pid: number }): Promise<NameSockets> {
  const sandbox = context.rows.sandbox(containerId);
  if (!sandbox) throw internal(`container ${containerId} has no sandbox`);
  if (sandbox.mode === 'host' || sandbox.mode.startsWith('container:')) return [];
  linked(context, containerId, { pid });
  const endpoints = context.rows.endpoints(containerId).filter(({ link }) => link !== null);
  if (endpoints.length === 0) {
    await context.kernel.call('loopback', { pid });
    return [];
  }
  const ports = context.rows.ports(containerId);
  try {
    for (const endpoint of endpoints) await connect(context, { endpoint, ports, pid });
  } catch (error) {
    throw networkingError((error as Error).message, error);
  }
  return endpoints.every(({ networkId }) => networkId === context.predefined) ? [] : NAME_SOCKETS;
}

/** The sandbox has its links, or is about to get them. */
export function linked({ pids, detached }: Context, containerId: string, { pid }: { pid: number }): void {
  pids.set(containerId, pid);
  detached.delete(containerId);
}

/** Makes the interface of one endpoint, and the ways in that it serves. */
export async function connect(
  context: Context,
  of: { endpoint: EndpointRow; ports: readonly PortRow[]; pid: number },
): Promise<void> {
  const request = attachRequest(context, of);
  try {
    await context.kernel.call('attach', request);
  } catch (error) {
    if (!(error instanceof KernelError && error.code === BRIDGE_GONE)) throw error;
    // Somebody deleted it under us. Its other containers are connected again too, and this one with them.
    await restoreBridge(context, asBridge(context, context.rows.networkById(of.endpoint.networkId))!, request.link);
    await context.kernel.call('attach', request);
  }
}

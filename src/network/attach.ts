import { internal } from '#errdefs';
import { networkingError } from './allocate-port.ts';
import type { Context } from './context.ts';
import { asBridge } from './context.ts';
import { elementOf } from './firewall/elements.ts';
import { publicationsOf } from './firewall/publications.ts';
import type { AttachRequest } from './kernel/protocol.ts';
import type { EndpointRow, PortRow } from './store.ts';
import { formatIpv4, parseCidr } from './subnet.ts';

/**
 * Connects a reserved sandbox: `pid` is a process in its network namespace. The interface first, then the ways in.
 * A container without a network of its own only gets its loopback; one in the host's namespace nothing.
 */
export async function attach(context: Context, containerId: string, { pid }: { pid: number }): Promise<void> {
  const sandbox = context.rows.sandbox(containerId);
  if (!sandbox) throw internal(`container ${containerId} has no sandbox`);
  if (sandbox.mode === 'host' || sandbox.mode.startsWith('container:')) return;
  context.pids.set(containerId, pid);
  context.detached.delete(containerId);
  const endpoints = context.rows.endpoints(containerId).filter(({ address }) => address !== null);
  if (endpoints.length === 0) {
    await context.kernel.call('loopback', { pid });
    return;
  }
  const ports = context.rows.ports(containerId);
  try {
    for (const endpoint of endpoints) {
      await context.kernel.call('attach', attachRequest(context, { endpoint, ports, pid }));
    }
  } catch (error) {
    throw networkingError((error as Error).message, error);
  }
}

/** What the net worker needs for one endpoint, from its rows. */
export function attachRequest(
  { rows, names, config }: Context,
  { endpoint, ports, pid }: { endpoint: EndpointRow; ports: readonly PortRow[]; pid: number },
): AttachRequest {
  const bridge = asBridge(rows.networks().find(({ id }) => id === endpoint.networkId))!;
  const isFirewalled = config.iptables ?? true;
  const add = isFirewalled ? publicationsOf(ports, [endpoint]).map(elementOf) : [];
  return {
    pid,
    link: endpoint.link!,
    alias: names.alias + endpoint.id,
    bridge: bridge.bridge,
    mtu: config.mtu ?? 1500,
    mac: endpoint.mac,
    address: formatIpv4(endpoint.address!),
    prefix: parseCidr(bridge.subnet)!.subnet.prefix,
    gateway: bridge.gateway,
    apart: config.icc === false,
    publish: { table: names.table, remove: [], add: add.filter((element) => element !== undefined) },
  };
}

import type { Context } from './context.ts';
import { elementOf } from './firewall/elements.ts';
import { publicationsOf } from './firewall/publications.ts';
import type { EndpointRow, PortRow } from './store.ts';
import { formatIpv4 } from './subnet.ts';

/** How long the kernel may take to let an interface go with its namespace before we delete it. */
const GRACE = 300;

/**
 * Takes back what attach made; absent is success. The ways in and the tracked flows go at once. The interface goes with
 * its namespace by itself, which is faster than deleting it; one that stays (somebody else holds the namespace) is
 * deleted a little later.
 */
export async function detach(context: Context, containerId: string): Promise<void> {
  const { rows, kernel, names, config } = context;
  context.pids.delete(containerId);
  if (rows.sandbox(containerId)) context.detached.add(containerId);
  const departed = context.departed.get(containerId);
  context.departed.delete(containerId);
  const endpoints = [...rows.endpoints(containerId), ...(departed?.endpoints ?? [])];
  const ports = [...rows.ports(containerId), ...(departed?.ports ?? [])];
  const leaving = endpoints.filter(({ link }) => link !== null);
  const links = leaving.map(({ link }) => link!);
  const addresses = leaving.map(({ address }) => address).filter((address) => address !== null);
  if (leaving.length === 0) return;
  for (const { address, link } of leaving) if (address !== null) context.lingering.set(address, { link: link! });
  const elements = publicationsOf(ports, leaving)
    .filter(({ protocol, hostIp, hostPort }) => !isHeldByAnother(context, { protocol, hostIp, hostPort, containerId }))
    .map(elementOf);
  const remove = elements.filter((element) => element !== undefined);
  const isFirewalled = config.iptables ?? true;
  if (isFirewalled && remove.length > 0) await kernel.call('publish', { table: names.table, remove, add: [] });
  context.flows.forget(addresses.map(formatIpv4), { isUrgent: ports.length > 0 });
  setTimeout(() => void deleteLingering(context, { links, addresses }), GRACE).unref();
}

function isHeldByAnother(
  { rows }: Context,
  port: { protocol: string; hostIp: string; hostPort: number; containerId: string },
): boolean {
  const holders = rows.portHolders(port.protocol, port.hostPort);
  return holders.some((row) => row.hostIp === port.hostIp && row.containerId !== port.containerId);
}

async function deleteLingering(
  { kernel, lingering, log }: Context,
  { links, addresses }: { links: string[]; addresses: readonly number[] },
): Promise<void> {
  try {
    await kernel.call('deleteLinks', links);
    for (const address of addresses) if (links.includes(lingering.get(address)?.link ?? '')) lingering.delete(address);
  } catch (error) {
    log.warn('an interface could not be deleted', { links, error });
  }
}

/** Takes back one endpoint of a sandbox that lives on: its ways in, its interface, its tracked flows. Absent is success. */
export async function detachOne(
  { kernel, names, config, flows }: Context,
  { endpoint, ports }: { endpoint: EndpointRow; ports: readonly PortRow[] },
): Promise<void> {
  if (endpoint.link === null) return;
  const elements = publicationsOf(ports, [endpoint]).map(elementOf);
  const remove = elements.filter((element) => element !== undefined);
  if ((config.iptables ?? true) && remove.length > 0) {
    await kernel.call('publish', { table: names.table, remove, add: [] });
  }
  await kernel.call('deleteLinks', [endpoint.link]);
  if (endpoint.address !== null) flows.forget([formatIpv4(endpoint.address)], { isUrgent: ports.length > 0 });
}

/** Frees everything scarce, inside the caller's transaction; what attach made is left to {@link detach}, in either order. */
export function release({ rows, departed, detached, zones, tuned }: Context, containerId: string): void {
  const endpoints = rows.endpoints(containerId);
  if (!detached.delete(containerId) && endpoints.some(({ link }) => link !== null)) {
    departed.set(containerId, { endpoints, ports: rows.ports(containerId) });
  }
  rows.deleteSandbox(containerId);
  tuned.delete(containerId);
  for (const { networkId } of endpoints) zones.forget(networkId);
}

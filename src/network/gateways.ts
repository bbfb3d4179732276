import type { Bridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import type { Place } from './lease.ts';

export const GATEWAY_4 = 1;
export const GATEWAY_6 = 2;

/** A place in a network that leads outside. */
export type WayOut = Place & { readonly network: Bridge };

/**
 * Decides through which endpoint a sandbox reaches the outside, for each family, and puts it on record: the highest
 * priority, then the first name. Gives the one that has the published ports too: that of IPv4, else that of IPv6.
 */
export function chooseGateways({ rows }: Pick<Context, 'rows'>, places: readonly Place[]): WayOut | undefined {
  const candidates = places.filter(isWayOut).sort(byPreference);
  const four = candidates.find(({ endpoint }) => endpoint.address !== null);
  const six = candidates.find(({ endpoint }) => endpoint.address6 !== null);
  for (const { endpoint } of places) {
    const gateway = (endpoint === four?.endpoint ? GATEWAY_4 : 0) | (endpoint === six?.endpoint ? GATEWAY_6 : 0);
    if (endpoint.gateway === gateway) continue;
    rows.setGateway(endpoint.id, gateway);
    endpoint.gateway = gateway;
  }
  return four ?? six;
}

const isWayOut = (place: Place): place is WayOut => place.network !== undefined && !place.network.internal;

function byPreference(a: WayOut, b: WayOut): number {
  const priority = (b.asked.GwPriority ?? 0) - (a.asked.GwPriority ?? 0);
  const dualStack = Number(b.endpoint.address6 !== null) - Number(a.endpoint.address6 !== null);
  return priority || dualStack || (a.network.name < b.network.name ? -1 : 1);
}

import { GATEWAY_4 } from '../gateways.ts';
import type { NetworkStore, PortRow } from '../store.ts';
import { formatIpv4 } from '../subnet.ts';
import type { Publication } from './elements.ts';

/** The ways in for published ports: each port row with its container's address in the network of its default route. */
export function publicationsOf(
  ports: readonly PortRow[],
  endpoints: readonly { containerId: string; address: number | null; gateway: number }[],
): Publication[] {
  const addresses = new Map<string, number>();
  for (const { containerId, address, gateway } of endpoints) {
    if (address !== null && gateway & GATEWAY_4) addresses.set(containerId, address);
  }
  return ports.flatMap(({ protocol, hostIp, hostPort, port, containerId }) => {
    const address = addresses.get(containerId);
    return address === undefined ? [] : [{ protocol, hostIp, hostPort, port, address: formatIpv4(address) }];
  });
}

/** All publications on record. */
export const allPublications = (rows: NetworkStore): Publication[] =>
  publicationsOf(rows.allPorts(), rows.allEndpoints());

import type { Context } from './context.ts';
import { asBridge } from './context.ts';
import { elementOf } from './firewall/elements.ts';
import { publicationsOf } from './firewall/publications.ts';
import type { AttachRequest } from './kernel/protocol.ts';
import type { EndpointRow, PortRow } from './store.ts';
import { formatIpv4, parseCidr } from './subnet.ts';

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

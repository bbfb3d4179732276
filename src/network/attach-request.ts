import type { EndpointSettings } from '#api';
import { asBridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import { elementOf } from './firewall/elements.ts';
import { publicationsOf } from './firewall/publications.ts';
import { GATEWAY_4, GATEWAY_6 } from './gateways.ts';
import type { AttachRequest } from './kernel/protocol.ts';
import type { EndpointRow, PortRow } from './store.ts';
import { formatIpv4, parseCidr } from './subnet.ts';
import { parseCidr6 } from './subnet6.ts';
import { sysctlsOf } from './sysctls.ts';

/** What the net worker needs for one endpoint, from its rows. */
export function attachRequest(
  context: Context,
  { endpoint, ports, pid }: { endpoint: EndpointRow; ports: readonly PortRow[]; pid: number },
): AttachRequest {
  const { rows, names, config } = context;
  const bridge = asBridge(context, rows.networkById(endpoint.networkId))!;
  const isFirewalled = config.iptables ?? true;
  const add = isFirewalled ? publicationsOf(ports, [endpoint]).map(elementOf) : [];
  const { address, address6 } = endpoint;
  return {
    pid,
    link: endpoint.link!,
    alias: names.alias + endpoint.id,
    bridge: bridge.bridge,
    interface: endpoint.interface,
    mtu: bridge.mtu,
    mac: endpoint.mac,
    ...(address === null
      ? {}
      : { four: { address: formatIpv4(address), prefix: parseCidr(bridge.subnet!)!.subnet.prefix } }),
    ...(endpoint.gateway & GATEWAY_4 ? { gateway: bridge.way! } : {}),
    ...(address6 === null ? {} : { six: { address: address6, prefix: parseCidr6(bridge.subnet6!)!.subnet.prefix } }),
    ...(endpoint.gateway & GATEWAY_6 ? { gateway6: bridge.way6! } : {}),
    linkLocal: bridge.isDefault ? [] : linkLocalOf(context, endpoint),
    sysctls: bridge.isDefault && !context.tuned.has(endpoint.containerId) ? [] : sysctlsOf(context, endpoint),
    apart: !bridge.icc,
    publish: { table: names.table, remove: [], add: add.filter((element) => element !== undefined) },
  };
}

/** Docker: IPv4 ones are of a /16, IPv6 ones of a /64. */
function linkLocalOf({ rows }: Context, { containerId, networkId }: EndpointRow): AttachRequest['linkLocal'] {
  const place = rows.attachments(containerId).find((attachment) => attachment.networkId === networkId);
  const { IPAMConfig } = place ? (JSON.parse(place.settings) as Partial<EndpointSettings>) : {};
  return (IPAMConfig?.LinkLocalIPs ?? []).map((address) => ({ address, prefix: address.includes(':') ? 64 : 16 }));
}

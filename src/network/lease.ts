import type { EndpointSettings } from '#api';
import { forbidden, internal } from '#errdefs';
import { networkingError } from './allocate-port.ts';
import type { Bridge } from './bridge-network.ts';
import { asBridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import { linkName, newId } from './context.ts';
import { GATEWAY_4, GATEWAY_6 } from './gateways.ts';
import { formatMac, macOf, parseMac } from './mac.ts';
import { dnsNames } from './names/dns-names.ts';
import type { SandboxRequest } from './reserve.ts';
import type { AttachmentRow, EndpointRow, NetworkRow } from './store.ts';
import { formatIpv4, lastOf, parseCidr, parseIpv4 } from './subnet.ts';
import { formatIpv6, lastOf6, lowestFree6, parseCidr6, parseIpv6 } from './subnet6.ts';
import { SYSCTLS } from './sysctls.ts';

const IFNAME = 'com.docker.network.endpoint.ifname';
const IN_USE = 'failed to set up container networking: Address already in use';

/** What was asked for of an endpoint, and under which names it answers. */
export type Asked = Partial<EndpointSettings>;

/** A sandbox's place in one network, on record. */
export interface Place {
  readonly endpoint: EndpointRow;
  /** Undefined for networks without addresses. */
  readonly network: Bridge | undefined;
  readonly asked: Asked;
}

/** Takes an address in a network, inside the caller's transaction; throws Docker's errors. */
export function lease(
  context: Context,
  request: SandboxRequest,
  { network, attachment, interfaces }: { network: NetworkRow; attachment: AttachmentRow; interfaces: string[] },
): Place {
  const { rows } = context;
  const { containerId, config } = request;
  const asked = JSON.parse(attachment.settings) as Asked;
  const bridge = asBridge(context, network);
  if (network.driver === 'bridge' && !bridge) throw networkingError(`network ${network.name} has no subnet yet`);
  const id = newId();
  const bare = { id, containerId, networkId: network.id, link: null, mac: '', address: null, address6: null };
  if (!bridge)
    return insert(context, attachment, { endpoint: { ...bare, interface: '', gateway: 0 }, network: bridge, asked });
  // Of old clients, which have one network only.
  const legacyMac = interfaces.length === 0 ? (config as { MacAddress?: string }).MacAddress : '';
  const given = parseMac(asked.MacAddress || legacyMac || '');
  const address = bridge.subnet ? leaseFour(context, bridge, asked.IPAMConfig?.IPv4Address) : null;
  if (address !== null) context.flows.keep(formatIpv4(address));
  const address6 = bridge.subnet6 ? leaseSix(rows.addresses6(bridge.id), bridge, asked.IPAMConfig?.IPv6Address) : null;
  const endpoint = {
    ...bare,
    link: linkName(context.names, id),
    mac: formatMac(given ?? macOf(address ?? lowBits(address6!))),
    address,
    address6,
    interface: asked.DriverOpts?.[IFNAME] || freeInterface(bridge.prefix, interfaces),
    // As it is with one network; with several chooseGateways has the last word.
    gateway:
      bridge.internal || interfaces.length > 0 ? 0 : (bridge.subnet ? GATEWAY_4 : 0) | (bridge.subnet6 ? GATEWAY_6 : 0),
  };
  if (asked.DriverOpts?.[SYSCTLS]) context.tuned.add(containerId);
  if (!bridge.isDefault) asked.DNSNames = dnsNames(request, asked.Aliases);
  return insert(context, attachment, { endpoint, network: bridge, asked });
}

const lowBits = (address6: string) => Number(parseIpv6(address6)! & 0xffff_ffffn);

function insert({ rows, zones }: Context, attachment: AttachmentRow, place: Place): Place {
  const { endpoint, network, asked } = place;
  const { containerId, networkId } = endpoint;
  rows.insertEndpoint(endpoint);
  if (attachment.networkId !== networkId) rows.setAttached(containerId, attachment.network, networkId);
  if (!network || network.isDefault) return place;
  rows.putAttachment(containerId, attachment.network, JSON.stringify(asked));
  zones.forget(networkId);
  return place;
}

function freeInterface(prefix: string, taken: readonly string[]): string {
  for (let n = 0; ; n++) if (!taken.includes(`${prefix}${n}`)) return `${prefix}${n}`;
}

/** The one asked for, or the lowest free; one that a vanishing interface may still have only if there is no other. */
function leaseFour({ rows, lingering }: Context, network: Bridge, wanted: string | undefined): number {
  const { subnet } = parseCidr(network.subnet!)!;
  const gateway = parseIpv4(network.gateway!)!;
  const reserved = network.reserved.map((text) => parseIpv4(text)!);
  if (wanted) return takeFour(rows.isLeased(network.id, parseIpv4(wanted)!), wanted, [gateway, ...reserved]);
  const range = network.range ? parseCidr(network.range)!.subnet : subnet;
  const to = Math.min(lastOf(subnet) - 1, lastOf(range));
  const free = (from: number) => {
    let address = rows.freeAddress(network.id, { from, to, gateway });
    while (address !== undefined && reserved.includes(address)) {
      address = rows.freeAddress(network.id, { from: address + 1, to, gateway });
    }
    return address;
  };
  const lowest = free(Math.max(subnet.first + 1, range.first));
  let address = lowest;
  while (address !== undefined && lingering.has(address)) address = free(address + 1);
  address ??= lowest;
  if (address === undefined) throw exhausted(4, network);
  return address;
}

function takeFour(isLeased: boolean, wanted: string, others: readonly number[]): number {
  const address = parseIpv4(wanted)!;
  if (isLeased || others.includes(address)) throw forbidden(IN_USE);
  return address;
}

function leaseSix(leased: readonly string[], network: Bridge, wanted: string | undefined): string {
  const { subnet } = parseCidr6(network.subnet6!)!;
  const range = network.range6 ? parseCidr6(network.range6)!.subnet : subnet;
  const taken = [network.gateway6!, ...network.reserved6, ...leased].map((text) => parseIpv6(text)!);
  const address = wanted ? parseIpv6(wanted)! : undefined;
  if (address !== undefined && taken.includes(address)) throw forbidden(IN_USE);
  // The first address of a subnet is the routers'.
  const found = address ?? lowestFree6(new Set([subnet.first, ...taken]), range.first, lastOf6(range));
  if (found === undefined) throw exhausted(6, network);
  return formatIpv6(found);
}

const exhausted = (family: 4 | 6, { name, id }: Bridge) =>
  internal(
    `failed to set up container networking: no available IPv${family} addresses on this network's address pools: ${name} (${id})`,
  );

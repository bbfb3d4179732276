import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ContainerConfig, EndpointSettings, HostConfig } from '#api';
import { invalid, notFound, notImplemented } from '#errdefs';
import { probePort } from '#sys';
import { allocatePort, networkingError, PortFailure, portError } from './allocate-port.ts';
import type { BridgeNetwork, Context } from './context.ts';
import { asBridge, linkName } from './context.ts';
import { formatMac, parseMac, randomMac } from './mac.ts';
import { endpointsOf, parseMode } from './modes.ts';
import type { PortRequest } from './port-requests.ts';
import { exposedPorts, portRequests } from './port-requests.ts';
import type { EndpointRow, NetworkRow } from './store.ts';
import { formatIpv4, lastOf, parseCidr } from './subnet.ts';

export interface SandboxRequest {
  readonly containerId: string;
  readonly name: string;
  readonly hostname: string;
  readonly domainname: string;
  readonly hostConfig: HostConfig;
  readonly config: ContainerConfig;
  readonly endpoints: Readonly<Record<string, EndpointSettings | null>>;
}

/** A place on the host where the container's monitor listens, and where it relays to. */
export interface PortSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  readonly hostPort: number;
  readonly target: { readonly ip: string; readonly port: number };
}

export interface Reservation {
  readonly netns: 'private' | 'host' | 'none' | { readonly container: string };
  readonly sockets: readonly PortSocket[];
}

/** What a sandbox's files and port list are made from, kept with it. */
export interface SandboxRecord {
  hostname: string;
  domainname: string;
  extraHosts: string[];
  dns: string[];
  dnsSearch: string[];
  dnsOptions: string[];
  exposed: string[];
}

const newId = () => randomBytes(32).toString('hex');

/** Takes everything scarce for a start: address and host ports. Inside the caller's transaction, so it is all or nothing. */
export function reserve(context: Context, request: SandboxRequest): Reservation {
  const { containerId, hostConfig, config } = request;
  const { rows } = context;
  const mode = parseMode(hostConfig.NetworkMode);
  rows.deleteSandbox(containerId);
  const isOff = Boolean(config.NetworkDisabled);
  const wanted = isOff ? new Map<string, Partial<EndpointSettings>>() : endpointsOf(mode, request.endpoints);
  const record = JSON.stringify(recordOf(request));
  rows.insertSandbox({ containerId, id: newId(), mode: hostConfig.NetworkMode, name: request.name, request: record });
  if (mode.kind === 'container') return { netns: { container: mode.container }, sockets: [] };
  const sockets: PortSocket[] = [];
  for (const [name, settings] of wanted) {
    const network = joinable(rows.network(name), name, mode.kind);
    rows.putAttachment(containerId, name, JSON.stringify(settings));
    rows.setAttached(containerId, name, network.id);
    const endpoint = leaseEndpoint(context, request, { network, settings });
    rows.insertEndpoint(endpoint);
    if (endpoint.address !== null) sockets.push(...publish(context, request, endpoint));
  }
  if (isOff || mode.kind === 'none') return { netns: 'none', sockets };
  return { netns: mode.kind === 'host' ? 'host' : 'private', sockets };
}

function joinable(network: NetworkRow | undefined, name: string, mode: string): NetworkRow {
  if (!network) throw notFound(`failed to set up container networking: network ${name} not found`);
  if (network.driver === 'host' && mode !== 'host') {
    throw invalid(
      'failed to set up container networking: cannot connect container to host network - container must be created in host network mode',
    );
  }
  if (network.driver !== 'bridge' && network.driver !== mode && network.driver !== 'null') {
    throw notImplemented(`networks with the driver ${network.driver} are not supported yet`);
  }
  return network;
}

function leaseEndpoint(
  context: Context,
  { containerId, config }: SandboxRequest,
  { network, settings }: { network: NetworkRow; settings: Partial<EndpointSettings> },
): EndpointRow {
  const id = newId();
  const bare = { id, containerId, networkId: network.id, link: null, mac: '', address: null };
  if (network.driver !== 'bridge') return bare;
  const bridge = asBridge(network);
  if (!bridge) throw networkingError(`network ${network.name} has no subnet yet`);
  const legacyMac = (config as { MacAddress?: string }).MacAddress;
  const given = parseMac(settings.MacAddress || legacyMac || '');
  const mac = given ? formatMac(given) : randomMac();
  const address = leaseAddress(context, bridge);
  context.flows.keep(formatIpv4(address));
  return { ...bare, link: linkName(context.names, id), mac, address };
}

/** The lowest free address, one that a vanishing interface may still have only if there is no other. */
function leaseAddress({ rows, lingering }: Context, network: BridgeNetwork): number {
  const { subnet } = parseCidr(network.subnet)!;
  const gateway = parseCidr(`${network.gateway}/32`)!.address;
  const range = { to: lastOf(subnet) - 1, gateway };
  const free = (from: number) => rows.freeAddress(network.id, { from, ...range });
  const lowest = free(subnet.first + 1);
  let address = lowest;
  while (address !== undefined && lingering.has(address)) address = free(address + 1);
  address ??= lowest;
  if (address === undefined)
    throw networkingError(
      `no available IPv4 addresses on this network's address pools: ${network.name} (${network.id})`,
    );
  return address;
}

function publish(context: Context, request: SandboxRequest, endpoint: EndpointRow): PortSocket[] {
  const { hostConfig, config, containerId, name } = request;
  const address = formatIpv4(endpoint.address!);
  const sockets: PortSocket[] = [];
  const requests = portRequests({
    exposed: config.ExposedPorts,
    bindings: hostConfig.PortBindings,
    publishAll: hostConfig.PublishAllPorts,
    defaultIps: defaultIps(context.config.ip),
  });
  for (const wanted of requests) {
    const { port, protocol } = wanted;
    const chosen = choosePort(context, wanted, { address, name, endpointId: endpoint.id });
    for (const hostIp of chosen.hostIps) {
      context.rows.insertPort({ protocol, hostIp, hostPort: chosen.port, port, containerId });
      if (protocol !== 'sctp') {
        sockets.push({ protocol, hostIp, hostPort: chosen.port, target: { ip: address, port } });
      }
    }
  }
  return sockets;
}

/** Docker: the daemon's `ip` narrows where ports go by default, unless it is the IPv4 wildcard, which means any. */
const defaultIps = (ip = '0.0.0.0') => (ip === '0.0.0.0' ? ['0.0.0.0', '::'] : [ip]);

function choosePort(
  context: Context,
  wanted: PortRequest,
  { address, name, endpointId }: { address: string; name: string; endpointId: string },
): { port: number; hostIps: string[] } {
  const isEphemeral = wanted.from === 0;
  try {
    const chosen = allocatePort(wanted, address, {
      holders: (protocol, port) => context.rows.portHolders(protocol, port).map(({ hostIp }) => hostIp),
      probe: probePort,
      ephemeral: isEphemeral ? ephemeralRange() : { from: 0, to: 0 },
      cursor: context.cursor,
    });
    if (isEphemeral) context.cursor = chosen.port;
    return chosen;
  } catch (error) {
    if (error instanceof PortFailure) throw portError(name, endpointId, error.message);
    throw error;
  }
}

function ephemeralRange(): { from: number; to: number } {
  const [from = 32768, to = 60999] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
    .trim()
    .split(/\s+/)
    .map(Number);
  return { from, to };
}

function recordOf({ hostname, domainname, hostConfig, config }: SandboxRequest): SandboxRecord {
  return {
    hostname,
    domainname,
    extraHosts: hostConfig.ExtraHosts ?? [],
    dns: hostConfig.Dns ?? [],
    dnsSearch: hostConfig.DnsSearch ?? [],
    dnsOptions: hostConfig.DnsOptions ?? [],
    exposed: exposedPorts(config.ExposedPorts),
  };
}

import type { ContainerConfig, EndpointSettings, HostConfig } from '#api';
import { forbidden, internal, invalid, notFound } from '#errdefs';
import { recordOf } from './bridge-network.ts';
import { NO_ENDPOINTS } from './config-network.ts';
import type { Context } from './context.ts';
import { newId } from './context.ts';
import { isAbsentBridge } from './default-networks.ts';
import { chooseGateways } from './gateways.ts';
import type { Place } from './lease.ts';
import { lease } from './lease.ts';
import type { Mode } from './modes.ts';
import { NOT_HOST, parseMode } from './modes.ts';
import { exposedPorts } from './port-requests.ts';
import { publish } from './publish.ts';
import type { NetworkRow, NetworkStore } from './store.ts';

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
  /** `name:alias` of containers on the default bridge that hosts leads to. */
  links?: string[];
}

/**
 * Takes everything scarce for a start: an address in each of its networks, and host ports. Inside the caller's transaction,
 * so it is all or nothing.
 */
export function reserve(context: Context, request: SandboxRequest): Reservation {
  const { containerId, hostConfig, config } = request;
  const { rows } = context;
  const mode = parseMode(hostConfig.NetworkMode);
  rows.deleteSandbox(containerId);
  const isOff = Boolean(config.NetworkDisabled);
  const record = JSON.stringify(sandboxRecord(request));
  rows.insertSandbox({ containerId, id: newId(), mode: hostConfig.NetworkMode, name: request.name, request: record });
  if (mode.kind === 'container') return { netns: { container: mode.container }, sockets: [] };
  checkHostGateway(context, hostConfig);
  const places = isOff ? [] : leaseAll(context, request, mode);
  const out = chooseGateways(context, places);
  const sockets = out ? publish(context, request, out) : [];
  if (isOff || mode.kind === 'none') return { netns: 'none', sockets };
  return { netns: mode.kind === 'host' ? 'host' : 'private', sockets };
}

/** The name stands for the default bridge's address, unless the settings say another. */
function checkHostGateway({ config }: Context, { ExtraHosts }: HostConfig): void {
  if (!config.noBridge || config.hostGatewayIps?.length) return;
  if (!ExtraHosts?.some((entry) => entry.endsWith(':host-gateway'))) return;
  throw internal('unable to derive the IP value for host-gateway');
}

/** The place in the network of its mode first, so that this is eth0. */
function leaseAll(context: Context, request: SandboxRequest, mode: Mode): Place[] {
  const { rows } = context;
  const attachments = rows.attachments(request.containerId);
  if (attachments.length > 1 && mode.kind === 'network') {
    const main = rows.network(mode.network)?.name ?? rows.networkById(mode.network)?.name;
    attachments.sort((a, b) => Number(b.network === main) - Number(a.network === main));
  }
  const places: Place[] = [];
  for (const attachment of attachments) {
    if (isAbsentBridge(context, attachment.network)) continue;
    const network = joinable(rows, attachment.network, mode.kind);
    places.push(lease(context, request, { network, attachment, interfaces: places.map((p) => p.endpoint.interface) }));
  }
  return places;
}

function joinable(rows: NetworkStore, name: string, mode: Mode['kind']): NetworkRow {
  const network = rows.network(name);
  if (!network) throw notFound(`failed to set up container networking: network ${name} not found`);
  if (recordOf(network)?.configOnly) throw forbidden(`failed to set up container networking: ${NO_ENDPOINTS}`);
  if (network.driver !== 'host' || mode === 'host') return network;
  throw invalid(`failed to set up container networking: ${NOT_HOST}`);
}

function sandboxRecord({ hostname, domainname, hostConfig, config }: SandboxRequest): SandboxRecord {
  return {
    hostname,
    domainname,
    extraHosts: hostConfig.ExtraHosts ?? [],
    dns: hostConfig.Dns ?? [],
    dnsSearch: hostConfig.DnsSearch ?? [],
    dnsOptions: hostConfig.DnsOptions ?? [],
    exposed: exposedPorts(config.ExposedPorts),
    ...(hostConfig.Links?.length ? { links: hostConfig.Links } : {}),
  };
}

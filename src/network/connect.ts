import type { EndpointSettings } from '#api';
import { forbidden, invalid } from '#errdefs';
import { failpoint } from '#sys';
import { networkingError } from './allocate-port.ts';
import type { NameSockets } from './attach.ts';
import { connect as makeInterface } from './attach.ts';
import { asBridge, recordOf } from './bridge-network.ts';
import { NO_ENDPOINTS } from './config-network.ts';
import type { Context } from './context.ts';
import { findNetwork } from './find.ts';
import { chooseGateways } from './gateways.ts';
import type { Asked, Place } from './lease.ts';
import { lease } from './lease.ts';
import { parseMac } from './mac.ts';
import { NOT_HOST, parseMode } from './modes.ts';
import { dnsNames } from './names/dns-names.ts';
import { hasNames, NAME_SOCKETS } from './names/serve.ts';
import type { SandboxRequest } from './reserve.ts';
import { pointRoutes } from './routes.ts';
import type { NetworkRow } from './store.ts';
import { endpointProblems } from './validate.ts';

export interface Joining {
  /** As the user named it. */
  readonly network: string;
  readonly asked: Partial<EndpointSettings>;
  /** A place in it is taken at once. */
  readonly isRunning: boolean;
}

const SHARED =
  'container sharing network namespace with another container or host cannot be connected to any other network';
const NONE = 'container cannot be connected to multiple networks with one of the networks in private (none) mode';

/**
 * Puts on record that a container wants a place in a network, and takes it if the container runs. Inside the caller's
 * transaction; throws Docker's errors. {@link connectLive} makes it true.
 */
export function join(context: Context, request: SandboxRequest, { network, asked, isRunning }: Joining): void {
  const { rows } = context;
  const { containerId } = request;
  const row = isRunning ? findNetwork(context, network) : knownNetwork(context, network);
  check(context, request, { network, row, asked, isRunning });
  const name = row?.name ?? network;
  // Docker: what was asked before stays.
  if (!isRunning && rows.attachments(containerId).some((one) => one.network === name)) return;
  const isNamed = row !== undefined && row.settings !== '';
  const kept: Asked = { ...given(asked), ...(isNamed ? { DNSNames: dnsNames(request, asked.Aliases) } : {}) };
  rows.putAttachment(containerId, name, JSON.stringify(kept));
  if (!isRunning || !row) return;
  const attachment = rows.attachments(containerId).find((one) => one.network === name)!;
  const present = placesOf(context, containerId);
  const interfaces = present.map(({ endpoint }) => endpoint.interface);
  // An interface of old clients' address is the first one's alone.
  const place = lease(context, request, { network: row, attachment, interfaces });
  chooseGateways(context, [...present, place]);
}

/** Docker: a container that does not run may ask for a network that is not there yet. */
function knownNetwork(context: Context, network: string): NetworkRow | undefined {
  try {
    return findNetwork(context, network);
  } catch {
    return undefined;
  }
}

function check(
  { rows, predefined }: Context,
  { containerId, hostConfig }: SandboxRequest,
  { network, row, asked, isRunning }: Joining & { row: NetworkRow | undefined },
): void {
  const attachments = rows.attachments(containerId);
  if (row?.driver === 'host') throw invalid(NOT_HOST);
  const { kind } = parseMode(hostConfig.NetworkMode);
  if (isRunning && (kind === 'host' || kind === 'container')) throw invalid(SHARED);
  const others = attachments.filter((one) => one.network !== row?.name);
  if (row?.name === 'none' ? others.length > 0 : others.some((one) => one.network === 'none')) throw invalid(NONE);
  if (isRunning && attachments.some((one) => one.network === row?.name)) {
    throw forbidden(
      `endpoint with name ${nameOf(rows.sandbox(containerId)?.name)} already exists in network ${row?.name}`,
    );
  }
  if (isRunning && row && recordOf(row)?.configOnly) throw forbidden(NO_ENDPOINTS);
  if (asked.MacAddress && !parseMac(asked.MacAddress)) throw invalid(`invalid MAC address ${asked.MacAddress}`);
  const problems = endpointProblems(row?.id === predefined ? 'bridge' : (row?.name ?? network), asked, row);
  if (problems !== undefined) throw invalid(problems);
}

const nameOf = (name = '') => name.replace(/^\//, '');

/** Of settings that a client sends, what says something. */
function given(asked: Partial<EndpointSettings>): Asked {
  const { IPAMConfig, Links, Aliases, MacAddress, DriverOpts, GwPriority } = asked;
  const all = { IPAMConfig, Links, Aliases, MacAddress, DriverOpts, GwPriority };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as Asked;
}

/** The places of a sandbox, from its rows. */
export function placesOf(context: Context, containerId: string): Place[] {
  const { rows } = context;
  const attachments = rows.attachments(containerId);
  return rows.endpoints(containerId).map((endpoint) => ({
    endpoint,
    network: endpoint.link === null ? undefined : asBridge(context, rows.networkById(endpoint.networkId)),
    asked: JSON.parse(attachments.find((one) => one.networkId === endpoint.networkId)?.settings ?? '{}') as Asked,
  }));
}

/** Makes the interface of a running container's new place; says which sockets its name server needs. */
export async function connectLive(context: Context, containerId: string, network: string): Promise<NameSockets> {
  const { rows, pids } = context;
  const pid = pids.get(containerId);
  const { id } = findNetwork(context, network);
  const endpoints = rows.endpoints(containerId);
  const endpoint = endpoints.find((one) => one.networkId === id);
  if (pid === undefined || !endpoint?.link) return [];
  try {
    await makeInterface(context, { endpoint, ports: rows.ports(containerId), pid });
    failpoint('network.connect.linked');
    await pointRoutes(context, { endpoints, pid });
  } catch (error) {
    throw networkingError((error as Error).message, error);
  }
  return hasNames(context, containerId) ? NAME_SOCKETS : [];
}

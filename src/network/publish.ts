import { readFileSync } from 'node:fs';
import { probePort } from '#sys';
import { allocatePort, PortFailure, portError } from './allocate-port.ts';
import type { Bridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import type { PortRequest } from './port-requests.ts';
import { portRequests } from './port-requests.ts';
import type { PortSocket, SandboxRequest } from './reserve.ts';
import type { EndpointRow } from './store.ts';
import { formatIpv4 } from './subnet.ts';

/** Takes the host ports of a container for the endpoint that is its way out; gives the sockets to listen on. */
export function publish(
  context: Context,
  request: SandboxRequest,
  { endpoint, network }: { endpoint: EndpointRow; network: Pick<Bridge, 'hostIp'> },
): PortSocket[] {
  const { hostConfig, config, containerId, name } = request;
  const isSixOnly = endpoint.address === null;
  const address = isSixOnly ? endpoint.address6! : formatIpv4(endpoint.address!);
  const sockets: PortSocket[] = [];
  const requests = portRequests({
    exposed: config.ExposedPorts,
    bindings: hostConfig.PortBindings,
    publishAll: hostConfig.PublishAllPorts,
    defaultIps: defaultIps(network.hostIp),
  });
  for (const request of requests) {
    // Docker: without IPv4 what is asked for at an IPv4 address is passed over.
    const hostIps = isSixOnly ? request.hostIps.filter((hostIp) => hostIp.includes(':')) : request.hostIps;
    if (hostIps.length === 0) continue;
    const { port, protocol } = request;
    const chosen = choosePort(context, { ...request, hostIps }, { address, name, endpointId: endpoint.id });
    for (const hostIp of chosen.hostIps) {
      context.rows.insertPort({ protocol, hostIp, hostPort: chosen.port, port, containerId });
      if (protocol !== 'sctp') {
        sockets.push({ protocol, hostIp, hostPort: chosen.port, target: { ip: address, port } });
      }
    }
  }
  return sockets;
}

/** Docker: the network's or the daemon's address narrows where ports go by default, unless it is the IPv4 wildcard, which means any. */
const defaultIps = (ip: string) => (ip === '0.0.0.0' ? ['0.0.0.0', '::'] : [ip]);

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

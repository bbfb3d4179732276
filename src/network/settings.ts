import type { EndpointSettings, NetworkSettings, PortMap } from '#api';
import type { Bridge } from './bridge-network.ts';
import { asBridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import type { SandboxRecord } from './reserve.ts';
import type { EndpointRow, PortRow } from './store.ts';
import { formatIpv4, parseCidr } from './subnet.ts';
import { parseCidr6 } from './subnet6.ts';

/** Where the host's own namespace is found by path. */
const HOST_NETNS = '/proc/1/ns/net';

type Deps = Pick<Context, 'rows' | 'pids' | 'config'>;

/** The network part of container inspect, from committed rows only; mostly empty without a sandbox, as Docker's. */
export function settings(context: Deps, containerId: string): NetworkSettings {
  const { rows, pids } = context;
  const sandbox = rows.sandbox(containerId);
  const isJoined = sandbox?.mode.startsWith('container:');
  const endpoints = sandbox ? rows.endpoints(containerId) : [];
  const Networks: Record<string, EndpointSettings> = {};
  for (const { network, networkId, settings: given } of rows.attachments(containerId)) {
    const endpoint = endpoints.find((e) => e.networkId === networkId);
    Networks[network] = endpointSettings(context, JSON.parse(given), { networkId, endpoint });
  }
  const pid = pids.get(containerId);
  const ownKey = pid === undefined ? '' : `/proc/${pid}/ns/net`;
  const record = sandbox ? (JSON.parse(sandbox.request) as SandboxRecord) : undefined;
  const hasPorts = endpoints.some(({ gateway }) => gateway !== 0);
  return {
    Bridge: '',
    // Docker: a container in another's sandbox shows none.
    SandboxID: isJoined ? '' : (sandbox?.id ?? ''),
    SandboxKey: sandbox?.mode === 'host' ? HOST_NETNS : ownKey,
    Ports: hasPorts ? portMap(record!.exposed, rows.ports(containerId)) : {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...flat(Networks.bridge),
    Networks,
  };
}

/** Docker: the flat fields repeat the endpoint of the network that is named `bridge`. */
function flat(endpoint: EndpointSettings | undefined) {
  return {
    EndpointID: endpoint?.EndpointID ?? '',
    Gateway: endpoint?.Gateway ?? '',
    GlobalIPv6Address: endpoint?.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: endpoint?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: endpoint?.IPAddress ?? '',
    IPPrefixLen: endpoint?.IPPrefixLen ?? 0,
    IPv6Gateway: endpoint?.IPv6Gateway ?? '',
    MacAddress: endpoint?.MacAddress ?? '',
  };
}

/** `given`: what the user asked for, and the names that came of it; the rest is the engine's while the endpoint exists. */
function endpointSettings(
  { rows, config }: Deps,
  given: Partial<EndpointSettings>,
  { networkId, endpoint }: { networkId: string; endpoint: EndpointRow | undefined },
): EndpointSettings {
  const bridge = endpoint?.link ? asBridge({ config }, rows.networkById(networkId)) : undefined;
  return {
    IPAMConfig: given.IPAMConfig ?? null,
    Links: given.Links ?? null,
    Aliases: given.Aliases ?? null,
    MacAddress: endpoint?.mac ?? given.MacAddress ?? '',
    DriverOpts: given.DriverOpts ?? null,
    GwPriority: given.GwPriority ?? 0,
    NetworkID: networkId,
    EndpointID: endpoint?.id ?? '',
    ...addresses(bridge, endpoint),
    DNSNames: given.DNSNames ?? null,
  };
}

function addresses(bridge: Bridge | undefined, endpoint: EndpointRow | undefined) {
  const { address, address6 } = endpoint ?? {};
  const four = bridge && typeof address === 'number' ? bridge : undefined;
  const six = bridge?.subnet6 && address6 ? bridge : undefined;
  return {
    Gateway: four && !four.internal ? four.way! : '',
    IPAddress: four ? formatIpv4(address!) : '',
    IPPrefixLen: four ? parseCidr(four.subnet!)!.subnet.prefix : 0,
    IPv6Gateway: six && !six.internal ? six.way6! : '',
    GlobalIPv6Address: six ? address6! : '',
    GlobalIPv6PrefixLen: six ? parseCidr6(six.subnet6!)!.subnet.prefix : 0,
  };
}

function portMap(exposed: readonly string[], ports: readonly PortRow[]): PortMap {
  const map: PortMap = {};
  for (const key of exposed) map[key.includes('/') ? key : `${key}/tcp`] = null;
  for (const { protocol, port, hostIp, hostPort } of ports) {
    const key = `${port}/${protocol}`;
    map[key] = [...(map[key] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  // Go prints maps in the order of their keys.
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

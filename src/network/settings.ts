import type { EndpointSettings, NetworkSettings, PortMap } from '#api';
import type { Context } from './context.ts';
import { asBridge } from './context.ts';
import type { SandboxRecord } from './reserve.ts';
import type { EndpointRow, NetworkRow, PortRow } from './store.ts';
import { formatIpv4, parseCidr } from './subnet.ts';

/** Where the host's own namespace is found by path. */
const HOST_NETNS = '/proc/1/ns/net';

/** The network part of container inspect, from committed rows only; mostly empty without a sandbox, as Docker's. */
export function settings({ rows, pids }: Pick<Context, 'rows' | 'pids'>, containerId: string): NetworkSettings {
  const sandbox = rows.sandbox(containerId);
  const isJoined = sandbox?.mode.startsWith('container:');
  const endpoints = sandbox ? rows.endpoints(containerId) : [];
  const networks = rows.networks();
  const Networks: Record<string, EndpointSettings> = {};
  for (const { network, networkId, settings: given } of rows.attachments(containerId)) {
    const row = networks.find(({ id }) => id === networkId);
    const endpoint = endpoints.find((e) => e.networkId === networkId);
    Networks[network] = endpointSettings(JSON.parse(given), { network: row, networkId, endpoint });
  }
  const pid = pids.get(containerId);
  const ownKey = pid === undefined ? '' : `/proc/${pid}/ns/net`;
  const record = sandbox ? (JSON.parse(sandbox.request) as SandboxRecord) : undefined;
  const hasPorts = endpoints.some(({ address }) => address !== null);
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

/** `given`: what the user asked for; the rest is the engine's while the endpoint exists. */
function endpointSettings(
  given: Partial<EndpointSettings>,
  { network, networkId, endpoint }: { network?: NetworkRow; networkId: string; endpoint?: EndpointRow },
): EndpointSettings {
  const bridge = asBridge(network);
  const address = endpoint?.address ?? undefined;
  const hasAddress = bridge !== undefined && address !== undefined;
  return {
    IPAMConfig: given.IPAMConfig ?? null,
    Links: given.Links ?? null,
    Aliases: given.Aliases ?? null,
    MacAddress: endpoint?.mac ?? given.MacAddress ?? '',
    DriverOpts: given.DriverOpts ?? null,
    GwPriority: given.GwPriority ?? 0,
    NetworkID: networkId,
    EndpointID: endpoint?.id ?? '',
    Gateway: hasAddress ? bridge.gateway : '',
    IPAddress: hasAddress ? formatIpv4(address) : '',
    IPPrefixLen: hasAddress ? parseCidr(bridge.subnet)!.subnet.prefix : 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
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

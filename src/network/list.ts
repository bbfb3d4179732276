import type { Filters, NetworkContainer, NetworkResource } from '#api';
import { checkFilters, filterValues, matchesExactly, matchesLabels } from '#api';
import { internal, invalid, notFound } from '#errdefs';
import type { Context } from './context.ts';
import { asBridge } from './context.ts';
import type { NetworkRow } from './store.ts';
import { formatIpv4, parseCidr } from './subnet.ts';

type Deps = Pick<Context, 'rows' | 'config' | 'names'>;

const FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

/** The networks that match all filters, as `GET /networks` shows them. */
export function list(deps: Deps, filters: Filters): NetworkResource[] {
  checkFilters(filters, FILTERS);
  const isDangling = danglingFilter(filters);
  const isBuiltIn = typeFilter(filters);
  const names = filterValues(filters, 'name');
  const ids = filterValues(filters, 'id');
  return deps.rows
    .networks()
    .map((row) => resource(deps, row, {}))
    .filter(({ Name, Id }) => matchesPart(names, Name) && matchesPart(ids, Id))
    .filter(({ Driver }) => matchesExactly(filterValues(filters, 'driver'), Driver))
    .filter(({ Scope }) => matchesExactly(filterValues(filters, 'scope'), Scope))
    .filter(({ Labels }) => matchesLabels(filterValues(filters, 'label'), Labels))
    .filter(() => isBuiltIn !== false)
    .filter(() => isDangling !== true);
}

/** A network with the containers in it, by name, id or unambiguous beginning of an id. */
export function inspect(deps: Deps, name: string): NetworkResource {
  const row = findNetwork(deps, name);
  const prefix = row.subnet ? parseCidr(row.subnet)!.subnet.prefix : 0;
  const members = deps.rows.members(row.id).map((member): [string, NetworkContainer] => [
    member.containerId,
    {
      Name: member.name,
      EndpointID: member.id,
      MacAddress: member.mac,
      IPv4Address: member.address === null ? '' : `${formatIpv4(member.address)}/${prefix}`,
      IPv6Address: '',
    },
  ]);
  return resource(deps, row, Object.fromEntries(members));
}

/** The row a user means; throws Docker's errors for none and for several. */
export function findNetwork({ rows }: Pick<Deps, 'rows'>, name: string): NetworkRow {
  const all = rows.networks();
  const exact = all.find((row) => row.id === name) ?? all.find((row) => row.name === name);
  if (exact) return exact;
  const partial = name === '' ? [] : all.filter((row) => row.id.startsWith(name));
  if (partial.length > 1)
    throw invalid(`network ${name} is ambiguous (${partial.length} matches found based on ID prefix)`);
  if (!partial[0]) throw notFound(`network ${name} not found`);
  return partial[0];
}

function resource(
  { config, names }: Deps,
  row: NetworkRow,
  containers: Record<string, NetworkContainer>,
): NetworkResource {
  const bridge = asBridge(row);
  const isBridge = row.driver === 'bridge';
  return {
    Name: row.name,
    Id: row.id,
    Created: row.created,
    Scope: 'local',
    Driver: row.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: isBridge ? (bridge ? [{ Subnet: bridge.subnet, Gateway: bridge.gateway }] : []) : null,
    },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: containers,
    Options: isBridge ? bridgeOptions(config, names.bridge) : {},
    Labels: {},
  };
}

function bridgeOptions(config: Context['config'], bridge: string): Record<string, string> {
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': String(config.icc ?? true),
    'com.docker.network.bridge.enable_ip_masquerade': String(config.ipMasq ?? true),
    'com.docker.network.bridge.host_binding_ipv4': config.ip ?? '0.0.0.0',
    'com.docker.network.bridge.name': bridge,
    'com.docker.network.driver.mtu': String(config.mtu ?? 1500),
  };
}

/** Docker: `name` and `id` match any part. */
const matchesPart = (wanted: readonly string[], value: string) =>
  wanted.length === 0 || wanted.some((part) => value.includes(part));

function danglingFilter(filters: Filters): boolean | undefined {
  const values = filterValues(filters, 'dangling');
  if (values.length === 0) return undefined;
  if (values.every((value) => value === 'true' || value === '1')) return true;
  if (values.every((value) => value === 'false' || value === '0')) return false;
  throw invalid('invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")');
}

/** Whether built-in networks are wanted; undefined when the filter is not given. */
function typeFilter(filters: Filters): boolean | undefined {
  const values = filterValues(filters, 'type');
  for (const value of values) {
    // Docker: this one is answered with 500.
    if (value !== 'builtin' && value !== 'custom') throw internal(`invalid filter: 'type'='${value}'`);
  }
  return values.length === 0 ? undefined : values.includes('builtin');
}

import type { Filters, NetworkContainer, NetworkResource } from '#api';
import { checkFilters, filterValues, matchesExactly, matchesLabels, matchesPattern } from '#api';
import { internal, invalid } from '#errdefs';
import type { Context } from './context.ts';
import { findNetwork } from './find.ts';
import { resource } from './resource.ts';
import { formatIpv4, parseCidr } from './subnet.ts';
import { parseCidr6 } from './subnet6.ts';

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
    .filter(({ id, settings }) => isDangling === undefined || isDangling === (settings !== '' && isUnused(deps, id)))
    .filter(({ settings }) => isBuiltIn === undefined || isBuiltIn === (settings === ''))
    .map((row) => resource(deps, row, {}))
    .filter(({ Name, Id }) => matchesPattern(names, Name) && matchesPattern(ids, Id))
    .filter(({ Driver }) => matchesExactly(filterValues(filters, 'driver'), Driver))
    .filter(({ Scope }) => matchesExactly(filterValues(filters, 'scope'), Scope))
    .filter(({ Labels }) => matchesLabels(filterValues(filters, 'label'), Labels));
}

/** A network with the containers in it, by name, id or unambiguous beginning of an id. */
export function inspect(deps: Deps, name: string): NetworkResource {
  const row = findNetwork(deps, name);
  const prefix = row.subnet ? parseCidr(row.subnet)!.subnet.prefix : 0;
  const prefix6 = row.subnet6 ? parseCidr6(row.subnet6)!.subnet.prefix : 0;
  const members = deps.rows.members(row.id).map((member): [string, NetworkContainer] => [
    member.containerId,
    {
      Name: member.name,
      EndpointID: member.id,
      MacAddress: member.mac,
      IPv4Address: member.address === null ? '' : `${formatIpv4(member.address)}/${prefix}`,
      IPv6Address: member.address6 === null ? '' : `${member.address6}/${prefix6}`,
    },
  ]);
  return resource(deps, row, Object.fromEntries(members));
}

/** Whether no running container is in it. */
export const isUnused = ({ rows }: Pick<Deps, 'rows'>, networkId: string): boolean =>
  rows.members(networkId).length === 0;

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
  return new Set(values).size === 1 ? values[0] === 'builtin' : undefined;
}

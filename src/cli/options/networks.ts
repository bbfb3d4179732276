import { goQuote } from '#template/quote';
import { cut } from '../flags/read-flag.ts';
import { isMac } from './address.ts';
import { csvFields } from './csv.ts';

/** One `--network`. */
export interface NetworkRequest {
  target: string;
  aliases: string[];
  links: string[];
  ipv4: string;
  ipv6: string;
  mac: string;
  linkLocal: string[];
  driverOptions: Record<string, string>;
  priority: number;
}

/** What of an endpoint is the user's. */
export type Endpoint = Record<string, unknown>;

function request(target: string): NetworkRequest {
  const empty = { ipv4: '', ipv6: '', mac: '', driverOptions: {}, priority: 0 };
  return { target, aliases: [], links: [], linkLocal: [], ...empty };
}

/** `--network name` or `--network name=…,alias=…,ip=…`. */
export function network(text: string, before: unknown): NetworkRequest[] {
  const all = before as NetworkRequest[];
  if (!/\w+=\w+(,\w+=\w+)*/.test(text)) return [...all, request(text)];
  const result = request('');
  for (const field of csvFields(text)) {
    const at = field.indexOf('=');
    if (at <= 0) throw new Error(`invalid field ${field}`);
    setField(
      result,
      field.slice(0, at).toLowerCase().trim(),
      field
        .slice(at + 1)
        .toLowerCase()
        .trim(),
    );
  }
  if (result.target === '') throw new Error('network name/id is not specified');
  return [...all, result];
}

function setField(result: NetworkRequest, key: string, value: string): void {
  if (key === 'name') result.target = value;
  else if (key === 'alias') result.aliases.push(value);
  else if (key === 'ip') result.ipv4 = value;
  else if (key === 'ip6') result.ipv6 = value;
  else if (key === 'link-local-ip') result.linkLocal.push(value);
  else if (key === 'mac-address') {
    result.mac = value;
  } else if (key === 'driver-opt') {
    const [name, option] = cut(value, '=');
    if (!value.includes('=') || name.trim() === '') throw new Error(`invalid key value pair format in driver options`);
    result.driverOptions[name.trim()] = option.trim();
  } else if (key === 'gw-priority') {
    if (!/^[+-]?\d+$/.test(value)) throw new Error(`invalid gw-priority (${value}): invalid syntax`);
    result.priority = Number(value);
  } else throw new Error(`invalid field key ${key}`);
}

/** The flags outside `--network` that describe the first network's endpoint. */
export type EndpointFlags = Pick<NetworkRequest, 'aliases' | 'links' | 'ipv4' | 'ipv6' | 'mac' | 'linkLocal'>;

/** The endpoints of a create request by network; throws with Docker's texts where options conflict. */
export function endpoints(requests: readonly NetworkRequest[], flags: EndpointFlags): Record<string, Endpoint> {
  const result: Record<string, Endpoint> = {};
  const all = requests.length > 0 ? requests : [request('default')];
  let [user, predefined] = [false, false];
  for (const [at, one] of all.entries()) {
    if (isUserDefined(one.target)) user = true;
    else predefined = true;
    const endpoint = build(at === 0 ? merge(one, flags) : one);
    if (Object.hasOwn(result, one.target))
      throw new Error(`network ${goQuote(one.target)} is specified multiple times`);
    if (user && predefined) {
      throw new Error('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
    }
    // Docker: a single network without options is the daemon's to describe.
    if (requests.length !== 1 || !isPlain(endpoint)) result[one.target] = endpoint;
  }
  return result;
}

function isUserDefined(name: string): boolean {
  return !['', 'default', 'bridge', 'host', 'none'].includes(name) && !name.startsWith('container:');
}

const conflicts: [keyof EndpointFlags, string][] = [
  ['aliases', '--network-alias and per-network alias'],
  ['links', '--link and per-network links'],
  ['ipv4', '--ip and per-network IPv4 address'],
  ['ipv6', '--ip6 and per-network IPv6 address'],
  ['mac', '--mac-address and per-network MAC address'],
  ['linkLocal', '--link-local-ip and per-network link-local IP addresses'],
];

function merge(one: NetworkRequest, flags: EndpointFlags): NetworkRequest {
  const merged: NetworkRequest = { ...one };
  for (const [key, what] of conflicts) {
    if (flags[key].length === 0) continue;
    if (one[key].length > 0) throw new Error(`conflicting options: cannot specify both ${what}`);
    // Docker: links of the default networks go into the host config only.
    if (key !== 'links' || isUserDefined(one.target)) Object.assign(merged, { [key]: flags[key] });
  }
  return merged;
}

function build(one: NetworkRequest): Endpoint {
  if (one.target.trim() === '') throw new Error('no name set for network');
  if (!isUserDefined(one.target)) {
    if (one.aliases.length > 0) throw new Error('network-scoped aliases are only supported for user-defined networks');
    if (one.links.length > 0) throw new Error('links are only supported for user-defined networks');
  }
  const hasIpam = one.ipv4 !== '' || one.ipv6 !== '' || one.linkLocal.length > 0;
  const ipam = {
    ...(one.ipv4 && { IPv4Address: one.ipv4 }),
    ...(one.ipv6 && { IPv6Address: one.ipv6 }),
    ...(one.linkLocal.length > 0 && { LinkLocalIPs: one.linkLocal }),
  };
  if (one.mac !== '' && !isMac(one.mac)) throw new Error(`${one.mac} is not a valid mac address`);
  return {
    IPAMConfig: hasIpam ? ipam : null,
    Links: one.links.length > 0 ? one.links : null,
    Aliases: one.aliases.length > 0 ? one.aliases : null,
    MacAddress: one.mac,
    DriverOpts: Object.keys(one.driverOptions).length > 0 ? one.driverOptions : null,
    GwPriority: one.priority,
  };
}

function isPlain(endpoint: Endpoint): boolean {
  return Object.values(endpoint).every((value) => !value);
}

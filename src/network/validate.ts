import { isIP } from 'node:net';
import type { EndpointSettings } from '#api';
import { invalid } from '#errdefs';
import { recordOf } from './bridge-network.ts';
import type { Context } from './context.ts';
import { parseMac } from './mac.ts';
import { endpointsOf, parseMode } from './modes.ts';
import { checkBindings } from './port-requests.ts';
import { placesOf } from './register.ts';
import type { SandboxRequest } from './reserve.ts';
import type { NetworkRow } from './store.ts';
import { overlaps, parseCidr, parseIpv4 } from './subnet.ts';
import { overlaps6, parseCidr6, parseIpv6 } from './subnet6.ts';
import { SYSCTLS, sysctlProblem } from './sysctls.ts';

const PREDEFINED = ['bridge', 'host', 'none'];
const OWN_ADDRESS = 'user specified IP address is supported on user defined networks only';
const OWN_SUBNET =
  'user specified IP address is supported only when connecting to networks with user configured subnets';
const OWN_ALIAS = 'network-scoped alias is supported only for containers in user defined networks';

/** Refuses at create what Docker refuses then; returns Docker's warnings. */
export function validate({ rows }: Pick<Context, 'rows'>, { hostConfig, config, endpoints }: SandboxRequest): string[] {
  const { NetworkMode } = hostConfig;
  if (NetworkMode === 'container:') {
    throw invalid('invalid network mode: invalid container format container:<name|id>');
  }
  checkBindings(hostConfig.PortBindings);
  for (const entry of hostConfig.ExtraHosts ?? []) checkExtraHost(entry);
  const mode = parseMode(NetworkMode);
  const legacyMac = (config as { MacAddress?: string }).MacAddress ?? '';
  for (const [name, settings] of placesOf(rows, endpointsOf(mode, endpoints))) {
    const mac = settings.MacAddress || legacyMac;
    if (mac !== '' && !parseMac(mac)) throw invalid(`invalid config for network ${name}: invalid MAC address ${mac}`);
    const problems = endpointProblems(name, settings, rows.network(name));
    if (problems !== undefined) throw invalid(`invalid config for network ${name}: ${problems}`);
  }
  const isPublishing = Object.keys(hostConfig.PortBindings ?? {}).length > 0;
  return mode.kind === 'host' && isPublishing ? ['Published ports are discarded when using host network mode'] : [];
}

/** What is wrong with the settings of an endpoint, in Docker's words; `network` undefined: it is not there yet. */
export function endpointProblems(
  name: string,
  { IPAMConfig, Aliases, DriverOpts }: Partial<EndpointSettings>,
  network: NetworkRow | undefined,
): string | undefined {
  const isPredefined = PREDEFINED.includes(name);
  const { IPv4Address = '', IPv6Address = '', LinkLocalIPs } = IPAMConfig ?? {};
  const hasAddress = IPv4Address !== '' || IPv6Address !== '';
  const problems: string[] = [];
  if (isPredefined && hasAddress) problems.push(OWN_ADDRESS);
  if (isPredefined && (Aliases?.length ?? 0) > 0) problems.push(OWN_ALIAS);
  if (IPv4Address && parseIpv4(IPv4Address) === undefined) problems.push(`invalid IPv4 address: ${IPv4Address}`);
  if (IPv6Address && isIP(IPv6Address) !== 6) problems.push(`invalid IPv6 address: ${IPv6Address}`);
  for (const address of LinkLocalIPs ?? []) {
    if (isIP(address) === 0) problems.push(`invalid link-local IP address: ${address}`);
  }
  problems.push(...placeProblems({ IPv4Address, IPv6Address }, network));
  const sysctls = DriverOpts?.[SYSCTLS];
  const badSysctl = sysctls ? sysctlProblem(sysctls) : undefined;
  if (badSysctl !== undefined) problems.push(badSysctl);
  if (problems.length === 0) return undefined;
  // Docker: a list gets bullets, a single problem none.
  const text = problems.length === 1 ? problems[0] : problems.map((problem) => `* ${problem}`).join('\n');
  return `invalid endpoint settings:\n${text}`;
}

/** A user's address must lie in a subnet of its family that the user gave. */
function placeProblems(
  { IPv4Address, IPv6Address }: { IPv4Address: string; IPv6Address: string },
  network: NetworkRow | undefined,
): string[] {
  if (!network) return [];
  const subnets = recordOf(network)?.configured ?? [];
  const problem = (address: string, parse: (text: string) => unknown, isInside: boolean) => {
    if (address === '') return [];
    if (!subnets.some(parse)) return [OWN_SUBNET];
    return isInside ? [] : [`no configured subnet or ip-range contain the IP address ${address}`];
  };
  const four = parseIpv4(IPv4Address);
  const six = parseIpv6(IPv6Address);
  return [
    ...problem(IPv4Address, parseCidr, four !== undefined && subnets.some((text) => holdsFour(text, four))),
    ...problem(IPv6Address, parseCidr6, six !== undefined && subnets.some((text) => holdsSix(text, six))),
  ];
}

function holdsFour(text: string, address: number): boolean {
  const subnet = parseCidr(text)?.subnet;
  return subnet !== undefined && overlaps(subnet, { first: address, prefix: 32 });
}

function holdsSix(text: string, address: bigint): boolean {
  const subnet = parseCidr6(text)?.subnet;
  return subnet !== undefined && overlaps6(subnet, { first: address, prefix: 128 });
}

function checkExtraHost(entry: string): void {
  const at = entry.indexOf(':');
  if (at <= 0) throw invalid(`bad format for add-host: "${entry}"`);
  const address = entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway' && isIP(address) === 0) throw invalid(`invalid IP address in add-host: "${address}"`);
}

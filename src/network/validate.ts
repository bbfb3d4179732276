import { isIP } from 'node:net';
import type { EndpointSettings } from '#api';
import { invalid } from '#errdefs';
import { parseMac } from './mac.ts';
import { endpointsOf, parseMode } from './modes.ts';
import { checkBindings } from './port-requests.ts';
import type { SandboxRequest } from './reserve.ts';
import { parseIpv4 } from './subnet.ts';

const PREDEFINED = ['bridge', 'host', 'none'];
const OWN_ADDRESS = 'user specified IP address is supported on user defined networks only';
const OWN_SUBNET =
  'user specified IP address is supported only when connecting to networks with user configured subnets';
const OWN_ALIAS = 'network-scoped alias is supported only for containers in user defined networks';

/** Refuses at create what Docker refuses then; returns Docker's warnings. Looks at the request alone. */
export function validate({ hostConfig, config, endpoints }: SandboxRequest): string[] {
  const { NetworkMode } = hostConfig;
  if (NetworkMode === 'container:') {
    throw invalid('invalid network mode: invalid container format container:<name|id>');
  }
  checkBindings(hostConfig.PortBindings);
  for (const entry of hostConfig.ExtraHosts ?? []) checkExtraHost(entry);
  const mode = parseMode(NetworkMode);
  const legacyMac = (config as { MacAddress?: string }).MacAddress ?? '';
  for (const [name, settings] of endpointsOf(mode, endpoints)) {
    const mac = settings.MacAddress || legacyMac;
    if (mac !== '' && !parseMac(mac)) throw invalid(`invalid config for network ${name}: invalid MAC address ${mac}`);
    checkEndpoint(name, settings);
  }
  const isPublishing = Object.keys(hostConfig.PortBindings ?? {}).length > 0;
  return mode.kind === 'host' && isPublishing ? ['Published ports are discarded when using host network mode'] : [];
}

function checkEndpoint(name: string, { IPAMConfig, Aliases }: Partial<EndpointSettings>): void {
  const isPredefined = PREDEFINED.includes(name);
  const hasAddress = Boolean(IPAMConfig?.IPv4Address || IPAMConfig?.IPv6Address);
  const problems: string[] = [];
  if (isPredefined && hasAddress) problems.push(OWN_ADDRESS);
  if (isPredefined && (Aliases?.length ?? 0) > 0) problems.push(OWN_ALIAS);
  const { IPv4Address, IPv6Address, LinkLocalIPs } = IPAMConfig ?? {};
  if (IPv4Address && parseIpv4(IPv4Address) === undefined) problems.push(`invalid IPv4 address: ${IPv4Address}`);
  if (IPv6Address && isIP(IPv6Address) !== 6) problems.push(`invalid IPv6 address: ${IPv6Address}`);
  for (const address of LinkLocalIPs ?? []) {
    if (isIP(address) === 0) problems.push(`invalid link-local IP address: ${address}`);
  }
  if (isPredefined && hasAddress) problems.push(OWN_SUBNET);
  if (problems.length === 0) return;
  // Docker: a list gets bullets, a single problem none.
  const text = problems.length === 1 ? problems[0] : problems.map((problem) => `* ${problem}`).join('\n');
  throw invalid(`invalid config for network ${name}: invalid endpoint settings:\n${text}`);
}

function checkExtraHost(entry: string): void {
  const at = entry.indexOf(':');
  if (at <= 0) throw invalid(`bad format for add-host: "${entry}"`);
  const address = entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway' && isIP(address) === 0) throw invalid(`invalid IP address in add-host: "${address}"`);
}

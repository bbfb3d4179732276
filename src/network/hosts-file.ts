/** The beginning of every /etc/hosts that is made for a container, in Docker's spelling. */
const STANDARD = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::', 'ip6-localnet'],
  ['ff00::', 'ip6-mcastprefix'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
] as const;

export interface HostsInput {
  hostname: string;
  domainname: string;
  /** The container's own addresses. */
  addresses: readonly string[];
  /** Addresses and names of linked containers. */
  linked?: readonly (readonly [string, string])[];
  /** `name:address` or `name:host-gateway`, as the client sent them. */
  extraHosts: readonly string[];
  /** What `host-gateway` stands for. */
  hostGateways: readonly string[];
}

/** A container's /etc/hosts: the standard lines, the extra hosts, then its own names. */
export function renderHosts({
  hostname,
  domainname,
  addresses,
  linked = [],
  extraHosts,
  hostGateways,
}: HostsInput): string {
  const full = domainname === '' ? hostname : `${hostname}.${domainname}`;
  const short = full.includes('.') ? ` ${full.slice(0, full.indexOf('.'))}` : '';
  const lines = [
    ...STANDARD,
    ...extraHosts.flatMap((entry) => extraHost(entry, hostGateways)),
    ...linked,
    ...addresses.map((address) => [address, full + short] as const),
  ];
  return lines.map(([address, names]) => `${address}\t${names}\n`).join('');
}

function extraHost(entry: string, hostGateways: readonly string[]): (readonly [string, string])[] {
  const at = entry.indexOf(':');
  const name = entry.slice(0, at);
  const address = entry.slice(at + 1);
  if (address === 'host-gateway') return hostGateways.map((gateway) => [gateway, name] as const);
  return [[address.replace(/^\[(.*)\]$/, '$1'), name]];
}

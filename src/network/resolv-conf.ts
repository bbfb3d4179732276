import { isIP } from 'node:net';

/** A resolv.conf as directives; what is not known is kept as it stands. */
export interface ResolvConf {
  servers: string[];
  invalidServers: string[];
  search: string[];
  options: string[];
  other: string[];
}

/** What a container or the daemon wants instead of the host's; empty lists want nothing. */
export interface ResolvOverrides {
  servers: readonly string[];
  search: readonly string[];
  options: readonly string[];
}

export const RESOLV_CONF = '/etc/resolv.conf';
/** Where systemd-resolved keeps the real servers while /etc/resolv.conf names its own stub. */
export const RESOLVED_CONF = '/run/systemd/resolve/resolv.conf';
const RESOLVED_STUB = '127.0.0.53';
const FALLBACK_SERVERS = ['8.8.8.8', '8.8.4.4'];

/** Reads a resolv.conf (resolv.conf(5)): the last `search` counts, options add up, comments are dropped. */
export function parseResolvConf(text: string): ResolvConf {
  const conf: ResolvConf = { servers: [], invalidServers: [], search: [], options: [], other: [] };
  for (const line of text.split('\n')) {
    const [directive, ...values] = line.trim().split(/\s+/);
    if (!directive || /^[#;]/.test(directive)) continue;
    if (directive === 'nameserver') addServer(conf, values[0]);
    else if (directive === 'search' || directive === 'domain') conf.search = values.length > 0 ? values : conf.search;
    else if (directive === 'options') conf.options.push(...values);
    else conf.other.push(line.replace(/\r$/, ''));
  }
  return conf;
}

function addServer(conf: ResolvConf, server: string | undefined): void {
  if (server === undefined) return;
  if (isAddress(server)) conf.servers.push(server);
  else conf.invalidServers.push(server);
}

/** Where a container's own resolver listens. */
export const INTERNAL_SERVER = '127.0.0.11';

/** Whether the host's only resolver is systemd-resolved's stub, which no container reaches. */
export const isResolvedStub = ({ servers }: ResolvConf): boolean =>
  servers.length === 1 && servers[0] === RESOLVED_STUB;

/**
 * A container's resolv.conf in Docker's words. `transform`: `legacy` drops the host's loopback and IPv6 resolvers,
 * which an IPv4 sandbox cannot reach, and falls back to public ones; `internal resolver` names the container's own one;
 * none is for containers in the host's namespace.
 */
export function renderResolvConf(
  host: ResolvConf,
  { overrides, path, transform }: { overrides: ResolvOverrides; path: string; transform?: Transform },
): string {
  const isInternal = transform === 'internal resolver';
  const { servers, isFallback } = chooseServers(host, overrides, transform);
  const search = overrides.search.length > 0 ? overrides.search.filter((domain) => domain !== '.') : host.search;
  const given = overrides.options.length > 0 ? overrides.options : host.options;
  const hasNdots = given.some((option) => option.split(':')[0] === 'ndots');
  const options = isInternal && !hasNdots ? [...given, 'ndots:0'] : given;
  const directives = [
    ...(isInternal ? [INTERNAL_SERVER] : servers).map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    ...host.other,
  ];
  const external = servers.map((server) => (overrides.servers.length > 0 || isFallback ? server : `host(${server})`));
  const ndots = hasNdots ? (overrides.options.length > 0 ? 'override' : 'host') : 'internal';
  const remarks = [
    `# Based on host file: '${path}'${transform ? ` (${transform})` : ''}`,
    ...(isFallback ? ['# Used default nameservers.'] : []),
    ...(isInternal ? [`# ExtServers: [${external.join(' ')}]`] : []),
    ...(host.invalidServers.length > 0 ? [`# Invalid nameservers: [${host.invalidServers.join(' ')}]`] : []),
    `# Overrides: [${overridden(overrides).join(' ')}]`,
    ...(hasNdots || isInternal ? [`# Option ndots from: ${ndots}`] : []),
  ];
  return `${HEADER}\n${directives.map((line) => `${line}\n`).join('')}\n${remarks.join('\n')}\n`;
}

export type Transform = 'legacy' | 'internal resolver';

/** The resolvers that a container asks itself, or that its own one asks for it. */
export function chooseServers(
  host: ResolvConf,
  overrides: ResolvOverrides,
  transform: Transform | undefined,
): { servers: readonly string[]; isFallback: boolean } {
  const hasServers = overrides.servers.length > 0;
  let servers = hasServers ? overrides.servers.filter(isAddress) : host.servers;
  if (transform === 'legacy' && !hasServers) {
    servers = servers.filter((server) => !isLoopback(server) && isIP(server) === 4);
  }
  const isFallback = transform !== undefined && !hasServers && servers.length === 0;
  return { servers: isFallback ? FALLBACK_SERVERS : servers, isFallback };
}

function overridden({ servers, search, options }: ResolvOverrides): string[] {
  return [
    ...(servers.length > 0 ? ['nameservers'] : []),
    ...(search.length > 0 ? ['search'] : []),
    ...(options.length > 0 ? ['options'] : []),
  ];
}

// Docker: tools look for this line.
const HEADER = `# Generated by Docker Engine.
# This file can be edited; Docker Engine will not make further changes once it
# has been modified.
`;

const isLoopback = (address: string) => address.startsWith('127.') || address === '::1';

/** An address, with a zone if it is IPv6 (`fe80::1%eth0`). */
const isAddress = (text: string) => isIP(text.replace(/%.+$/, '')) !== 0 && (!text.includes('%') || text.includes(':'));

import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Where clouds answer with a machine's own secrets: no registry sends anybody there. */
const metadata = new BlockList();
metadata.addSubnet('169.254.0.0', 16);
metadata.addSubnet('fe80::', 10, 'ipv6');
metadata.addAddress('fd00:ec2::254', 'ipv6');

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** Whether the host is this machine: it may speak plain HTTP. */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname);
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, family(host)));
}

function isMetadata(hostname: string): boolean {
  const host = bare(hostname);
  return isIP(host) !== 0 && metadata.check(host, family(host));
}

/** Throws for a place where no redirect may lead. */
export function checkTarget(hostname: string): void {
  if (isMetadata(hostname)) throw new Error(`refused to follow a redirect to the link-local address ${bare(hostname)}`);
}

/** Resolves names, refusing those that lead where {@link checkTarget} refuses. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    const bad = error ? undefined : addresses.find(({ address }) => isMetadata(address));
    const failure =
      error ?? (bad && new Error(`refused to follow a redirect to the link-local address ${bad.address}`));
    if (failure) callback(failure, '');
    else if (options.all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};

/** Whether `insecure-registries` names this registry, by host, host and port, or subnet. */
export function isInsecure(host: string, entries: readonly string[]): boolean {
  const { hostname } = new URL(`http://${host}`);
  if (isLoopback(hostname)) return true;
  return entries.some((entry) => entry === host || entry === hostname || inSubnet(bare(hostname), entry));
}

function inSubnet(address: string, entry: string): boolean {
  const [network, bits] = entry.split('/');
  if (bits === undefined || isIP(address) === 0 || isIP(network!) !== isIP(address)) return false;
  const list = new BlockList();
  list.addSubnet(network!, Number(bits), family(address));
  return list.check(address, family(address));
}

/** Go's rules for `NO_PROXY`: names with their subdomains, addresses, subnets, `*`; a port narrows. Never loopback. */
export function bypassesProxy(url: URL, list: string): boolean {
  const host = bare(url.hostname).toLowerCase();
  if (isLoopback(host)) return true;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      if (entry.includes('/')) return inSubnet(host, entry);
      const [, name, only] = /^(.*?)(?::(\d+))?$/.exec(entry)!;
      if (only !== undefined && isIP(entry) === 0 && only !== port) return false;
      const wanted = isIP(entry) === 0 ? name! : entry;
      const domain = wanted.replace(/^\*?\./, '');
      return host.endsWith(`.${domain}`) || (host === domain && !/^\*?\./.test(wanted));
    });
}

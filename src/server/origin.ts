import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { Door } from './listen.ts';

/** Names that only this network can give out, so that no stranger's DNS can point them here. */
const PRIVATE_SUFFIXES = ['.local', '.localhost', '.internal', '.svc.cluster.local', '.lan', '.home.arpa'];

/**
 * Why a request that came over the network may be a web page's and not a client's; undefined when it is none. A page of a
 * foreign site says so in Origin, and one that had its own name resolved to this host in Host. Docker has neither check.
 */
export function browserFault({ headers }: IncomingMessage, door: Door): string | undefined {
  if (door.kind === 'local') return undefined;
  const { origin, host = '' } = headers;
  if (headers['sec-fetch-site'] === 'cross-site') return 'requests of other web sites are refused';
  if (origin !== undefined && originHost(origin) !== host.toLowerCase()) {
    return `requests of other web sites are refused: Origin ${JSON.stringify(origin.slice(0, 200))}`;
  }
  // Behind TLS the name is in our certificate, or the browser went no further.
  if (door.kind === 'tls' || isTrustedHost(host)) return undefined;
  return `the host name ${JSON.stringify(host.slice(0, 200))} is not one of this engine's: use its address, its host name or TLS`;
}

function originHost(origin: string): string | undefined {
  const [, , host] = /^(https?|tcp):\/\/([^/]+)$/i.exec(origin) ?? [];
  return host?.toLowerCase();
}

function isTrustedHost(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '');
  if (name === '' || isIP(name) !== 0) return true;
  const own = hostname().toLowerCase();
  // A name without a dot is found in the own network only, as the `docker` of a CI job.
  if (!name.includes('.') || name === own) return true;
  return PRIVATE_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

import { isIP } from 'node:net';
import { forbidden } from '#errdefs';
import { checkTarget, isInsecure, isLoopback } from './addresses.ts';
import type { Endpoint } from './endpoint.ts';

/** Registries whose token server has a name of another owner, as everybody knows. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'registry-1.docker.io': ['auth.docker.io'],
};

/**
 * Checks where a registry sends us for a token. Credentials go to the registry's own host and, by HTTPS, to hosts of the
 * same domain; to others only when the operator named them.
 */
export function checkRealm(realm: URL, endpoint: Endpoint, insecure: readonly string[], hasSecret: boolean): void {
  const { base, registry, realms } = endpoint;
  if (realm.protocol !== 'https:' && realm.protocol !== 'http:') throw forbidden(`unsupported realm ${realm.origin}`);
  if (realm.hostname !== base.hostname) checkTarget(realm.hostname);
  if (!hasSecret) return;
  if (realms.some((name) => name === realm.host || name === realm.hostname || name === realm.origin)) {
    if (realm.protocol === 'https:' || realms.includes(realm.origin) || isLoopback(realm.hostname)) return;
  }
  const isPlain = realm.protocol === 'http:' && !isLoopback(realm.hostname) && !isInsecure(realm.host, insecure);
  if (!isPlain && isOwn(realm, base)) return;
  const name = isPlain ? realm.origin : realm.host;
  throw forbidden(
    `registry ${registry} asks for the credentials to be sent to another host, ${realm.origin}: ` +
      `refused. To allow it, write realms = ["${name}"] into /etc/gantry/certs.d/${registry}/hosts.toml`,
  );
}

function isOwn(realm: URL, base: URL): boolean {
  if (realm.hostname === base.hostname) return true;
  if (realm.protocol !== 'https:') return false;
  if (KNOWN[base.hostname]?.includes(realm.hostname)) return true;
  const [a, b] = [domainOf(realm.hostname), domainOf(base.hostname)];
  return a !== undefined && a === b;
}

/** The part of a name that one owner registered; undefined for addresses and names without a dot. */
function domainOf(hostname: string): string | undefined {
  const parts = hostname.split('.');
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || parts.length < 2) return undefined;
  // `co.uk` and its like: a short name below a country's is nobody's own.
  const isCountry = parts.at(-1)!.length === 2 && parts.at(-2)!.length <= 3 && parts.length > 2;
  return parts.slice(isCountry ? -3 : -2).join('.');
}

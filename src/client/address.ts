import { existsSync } from 'node:fs';

/** Where a daemon listens. `text` is how the user wrote it, for messages. */
export type Address = { text: string } & (
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number; prefix: string; tls?: TlsOptions }
  /** Words of ssh(1) that lead to the host, and the socket there when it is not the usual one. */
  | { kind: 'ssh'; words: string[]; path: string }
);

/** The files of a TLS client; `verify` checks the daemon's certificate. */
export interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
  verify: boolean;
}

/** The engine's own socket. */
export const gantrySocket = '/run/gantry/gantry.sock';
/** The socket where Docker's clients look. */
export const dockerSocket = '/var/run/docker.sock';

/** The daemon's address when nobody names one: our socket, or Docker's where ours is absent. */
export function defaultHost(exists: (path: string) => boolean = existsSync): string {
  return `unix://${!exists(gantrySocket) && exists(dockerSocket) ? dockerSocket : gantrySocket}`;
}

/** Reads an address as `-H` and DOCKER_HOST give it; throws an Error with Docker's text. */
export function parseAddress(text: string, tls?: TlsOptions): Address {
  const value = text.trim();
  const scheme = /^([a-z]+):\/\//.exec(value)?.[1];
  if (scheme === 'unix') return { kind: 'unix', text: value, path: value.slice(7) || dockerSocket };
  if (scheme === 'ssh') return { kind: 'ssh', text: value, ...sshWords(value) };
  if (scheme !== undefined && scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') {
    throw new Error(`invalid bind address format: ${text}`);
  }
  const rest = value.replace(/^[a-z]+:\/\//, '');
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority);
  if (!found) throw new Error(`invalid bind address format: ${text}`);
  const host = (found[1] || '127.0.0.1').replace(/^\[|\]$/g, '');
  const port = Number(found[2] || (tls ? 2376 : 2375));
  const prefix = slash < 0 ? '' : rest.slice(slash).replace(/\/$/, '');
  const shown = `tcp://${found[1] || '127.0.0.1'}:${port}${prefix}`;
  return { kind: 'tcp', text: shown, host, port, prefix, ...(tls && { tls }) };
}

/** `ssh://[user@]host[:port][/path of the socket]`; Docker's texts for what is wrong. */
function sshWords(text: string): { words: string[]; path: string } {
  const refuse = (why: string) => new Error(`ssh host connection is not valid: ${why}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse(`invalid SSH URL: ${text}`);
  }
  if (url.password) throw refuse('plain-text password is not supported');
  if (!url.hostname) throw refuse('hostname is empty');
  if (url.search) throw refuse(`query parameters are not allowed: "${url.search.slice(1)}"`);
  if (url.hash) throw refuse(`fragments are not allowed: "${url.hash.slice(1)}"`);
  const user = url.username ? ['-l', decodeURIComponent(url.username)] : [];
  const port = url.port ? ['-p', url.port] : [];
  const host = decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '');
  // A host that looks like an option would be one.
  return { words: [...user, ...port, '--', host], path: url.pathname === '/' ? '' : url.pathname };
}

/** The name that stands for a daemon in `Host` and in URLs of messages. */
export function hostOf(address: Address): string {
  if (address.kind === 'tcp') return address.host;
  return address.kind === 'unix' ? 'api.moby.localhost' : 'docker.example.com';
}

import { existsSync } from 'node:fs';

/** Where a daemon listens. `text` is how the user wrote it, for messages. */
export type Address = { text: string } & (
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number; prefix: string; tls?: TlsOptions }
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

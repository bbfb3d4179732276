import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { invalid } from '#errdefs';
import { isErrno } from '#sys/errno';
import type { Capability } from './endpoint.ts';

/** A host that `hosts.toml` names. */
export interface HostEntry {
  readonly base: URL;
  readonly skipVerify: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly rewrite: (path: string) => string;
  readonly can: (capability: Capability) => boolean;
  readonly certificates?: { readonly ca: readonly string[]; readonly client: readonly (readonly [string, string])[] };
}

/** What the operator wrote of one registry: containerd's `hosts.toml`, with `rewrite` and `realms`. */
export interface HostsFile {
  /** Asked in this order, before the registry itself. */
  readonly hosts: readonly HostEntry[];
  /** In place of the registry's own address; false: it is never asked. */
  readonly server?: Pick<HostEntry, 'base' | 'skipVerify'> | false;
  /** Hosts of token servers that may see the credentials for this registry. */
  readonly realms: readonly string[];
}

const FILE_LIMIT = 1024 * 1024;

/** The first `hosts.toml` for a registry: in its own folder, else in `_default`. */
export function readHostsFile(folders: readonly string[], registry: string): HostsFile | undefined {
  for (const name of [registry, '_default']) {
    for (const folder of folders) {
      const path = join(folder, name, 'hosts.toml');
      const text = read(path);
      if (text !== undefined) return decode(text, path);
    }
  }
  return undefined;
}

function read(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > FILE_LIMIT) throw invalid(`${path} is larger than ${FILE_LIMIT} bytes`);
    return text;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Decodes the file's text; throws invalid-argument that names the file and the key. */
export function decode(text: string, path: string): HostsFile {
  const wrong = (what: string) => invalid(`${path}: ${what}`);
  try {
    const root = parse(text) as Record<string, unknown>;
    const hosts = Object.entries(table(root['host'], 'host')).map(([url, value]) => entry(url, table(value, url)));
    const { server } = root;
    const realms = strings(root['realms'], 'realms');
    if (server === undefined) return { hosts, realms };
    if (server === '' || server === false) return { hosts, realms, server: false };
    if (typeof server !== 'string') throw new Error('"server" must be a URL');
    return { hosts, realms, server: { base: baseOf(server, false), skipVerify: false } };
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

function entry(url: string, value: Record<string, unknown>): HostEntry {
  const capabilities = strings(value['capabilities'] ?? ['pull', 'resolve', 'push'], 'capabilities');
  const headers = Object.entries(table(value['header'], 'header')).map(([name, header]) => {
    return [name, strings(header, `header.${name}`).join(', ')] as const;
  });
  const ca = strings(value['ca'], 'ca');
  const client = clients(value['client']);
  return {
    base: baseOf(url, value['override_path'] === true),
    skipVerify: value['skip_verify'] === true,
    headers: Object.fromEntries(headers),
    rewrite: rewriter(table(value['rewrite'], 'rewrite')),
    can: (capability) => capabilities.includes(capability),
    ...((ca.length > 0 || client.length > 0) && { certificates: { ca, client } }),
  };
}

function baseOf(text: string, isWhole: boolean): URL {
  const url = new URL(/^https?:\/\//.test(text) ? text : `https://${text}`);
  if (url.username || url.password || url.search || url.hash) throw new Error(`"${text}" must be a plain URL`);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = isWhole || path.endsWith('/v2') ? `${path}/` : `${path}/v2/`;
  return url;
}

/** The longest prefix of a repository's name that has a rule is exchanged. */
function rewriter(rules: Record<string, unknown>): (path: string) => string {
  const prefixes = Object.keys(rules).sort((a, b) => b.length - a.length);
  for (const prefix of prefixes) if (typeof rules[prefix] !== 'string') throw new Error('"rewrite" must map to texts');
  return (path) => {
    const prefix = prefixes.find((one) => path.startsWith(one));
    return prefix === undefined ? path : `${rules[prefix] as string}${path.slice(prefix.length)}`;
  };
}

function clients(value: unknown): [string, string][] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    const [cert, key = cert] = strings(one, 'client');
    if (cert === undefined) throw new Error('"client" must name a certificate and its key');
    return [cert, key!];
  });
}

function table(value: unknown, name: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`"${name}" must be a table`);
}

function strings(value: unknown, name: string): string[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.every((one) => typeof one === 'string')) return list;
  throw new Error(`"${name}" must be texts`);
}

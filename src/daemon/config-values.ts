import { isIP } from 'node:net';
import { join } from 'node:path';
import { isKind } from '#errdefs';
import type { RegistryConfig } from '#registry';
import { registryConfig } from '#registry';
import type { TlsPaths } from '#server';
import { ConfigError } from './config-file.ts';
import type { KeyName, Settings } from './config-keys.ts';

/** A resource of the host by name or by number, as `info` shows it. */
export type GenericResource =
  | { readonly NamedResourceSpec: { readonly Kind: string; readonly Value: string } }
  | { readonly DiscreteResourceSpec: { readonly Kind: string; readonly Value: number } };

/** What registry clients go by. */
export interface RegistrySettings {
  /** URLs with a slash at their end. */
  readonly mirrors: readonly string[];
  /** Host names with or without port, and subnets. */
  readonly insecure: readonly string[];
  readonly downloads: number;
  readonly uploads: number;
  readonly attempts: number;
}

/** The value when it is one of those allowed. */
export function oneOf(name: KeyName, value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value === undefined || allowed.includes(value)) return value;
  throw new ConfigError(`"${name}" must be one of ${allowed.join(', ')}, not "${value}"`);
}

/** Refuses a negative number. */
export function atLeastZero<T extends number | undefined>(name: KeyName, value: T): T {
  if (value !== undefined && value < 0) throw new ConfigError(`"${name}" must not be negative, as ${value} is`);
  return value;
}

/** The address when it is one. */
export function ipAddress(name: KeyName, address: string): string {
  if (isIP(address) === 0) throw new ConfigError(`"${name}" must be an IP address, not "${address}"`);
  return address;
}

/** Where the default bridge is asked to have its addresses; the network module judges whether they fit together. */
export function defaultBridge(given: Settings) {
  const text = (name: KeyName) => (given[name] as string | undefined) || undefined;
  const address = (name: KeyName) => {
    const value = text(name);
    return value === undefined ? undefined : ipAddress(name, value);
  };
  const bridge = text('bridge');
  if (bridge !== undefined && bridge !== 'none') {
    throw new ConfigError('"bridge" is refused: the default bridge is always our own; "none" means that there is none');
  }
  // Docker: one or the other.
  if (bridge !== undefined && text('bip')) throw new ConfigError('"bridge" and "bip" exclude each other');
  return {
    isAbsent: bridge === 'none',
    bip: text('bip'),
    bip6: text('bip6'),
    fixedCidr: text('fixed-cidr'),
    fixedCidr6: text('fixed-cidr-v6'),
    defaultGateway: address('default-gateway'),
    defaultGateway6: address('default-gateway-v6'),
    ipv6: given.ipv6 === true,
  };
}

/** Docker: `tls` alone asks clients for certificates too; files that were not named lie in the user's Docker folder. */
export function tlsPaths(given: Settings, environment: NodeJS.ProcessEnv): TlsPaths | undefined {
  const { tlsverify = environment['DOCKER_TLS_VERIFY'] ? true : undefined } = given;
  if (given.tls !== true && tlsverify === undefined) return undefined;
  const folder =
    environment['DOCKER_CERT_PATH'] || environment['DOCKER_CONFIG'] || join(environment['HOME'] || '/root', '.docker');
  const file = (name: KeyName, base: string) => (given[name] as string | undefined) || join(folder, base);
  return {
    ca: file('tlscacert', 'ca.pem'),
    cert: file('tlscert', 'cert.pem'),
    key: file('tlskey', 'key.pem'),
    verify: tlsverify !== false,
  };
}

/** Docker: a label twice with different values is refused. */
export function toLabels(labels: readonly string[]): readonly string[] {
  const known = new Map<string, string>();
  for (const label of labels) {
    const at = label.indexOf('=');
    if (at <= 0) throw new ConfigError(`"labels": bad attribute format: ${label}`);
    const [key, value] = [label.slice(0, at), label.slice(at + 1)];
    const before = known.get(key);
    if (before !== undefined && before !== value) {
      throw new ConfigError(`"labels": conflict labels for ${key}=${value} and ${key}=${before}`);
    }
    known.set(key, value);
  }
  return [...known].map(([key, value]) => `${key}=${value}`);
}

export function toMetricsAddress(text: string | undefined): { host: string; port: number } | undefined {
  if (!text) return undefined;
  const [, host = '', port] = /^(\[[^\]]+\]|[^:]*):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65535) {
    throw new ConfigError(`"metrics-addr" must be address:port, not "${text}"`);
  }
  return { host: host.replace(/^\[|\]$/g, '') || '0.0.0.0', port: Number(port) };
}

/** `gpu=UUID1` is one by name, `ssd=3` a number of them. */
export function toGenericResources(given: readonly string[]): GenericResource[] {
  return given.map((text) => {
    const [, Kind, Value] = /^([^=\s]+)=([^=\s]+)$/.exec(text) ?? [];
    if (!Kind || !Value) throw new ConfigError(`"node-generic-resources": "${text}" must be kind=value`);
    return /^\d+$/.test(Value)
      ? { DiscreteResourceSpec: { Kind, Value: Number(Value) } }
      : { NamedResourceSpec: { Kind, Value } };
  });
}

/** The new key and its old name for one address. */
export function toHostGateways(given: Settings): readonly string[] {
  const [old, list] = [
    given['host-gateway-ip'] as string | undefined,
    given['host-gateway-ips'] as string[] | undefined,
  ];
  if (old && list) {
    throw new ConfigError('host-gateway-ip and host-gateway-ips must not both be specified in the config file');
  }
  const addresses = (old ? [old] : (list ?? [])).map((address) => ipAddress('host-gateway-ips', address));
  const families = addresses.map(isIP);
  if (new Set(families).size < families.length) {
    throw new ConfigError('"host-gateway-ips": only one IPv4 and one IPv6 address can be given');
  }
  return addresses;
}

/** `{"bridge": {"com.docker.network.driver.mtu": "1400"}}`: bridge networks are the only ones that are made. */
export function toNetworkOptions(given: Settings): Readonly<Record<string, string>> {
  const { bridge = {}, ...others } = (given['default-network-opts'] ?? {}) as Record<string, Record<string, string>>;
  const [driver] = Object.keys(others);
  if (driver !== undefined)
    throw new ConfigError(`"default-network-opts": there are no networks of the driver "${driver}"`);
  return bridge;
}

export function toRegistrySettings(given: Settings): RegistrySettings {
  const number = (name: KeyName, otherwise: number) =>
    atLeastZero(name, given[name] as number | undefined) || otherwise;
  return {
    mirrors: ((given['registry-mirrors'] as string[] | undefined) ?? []).map(toMirror),
    insecure: (given['insecure-registries'] as string[] | undefined) ?? [],
    downloads: number('max-concurrent-downloads', 3),
    uploads: number('max-concurrent-uploads', 5),
    attempts: number('max-download-attempts', 5),
  };
}

/** Docker's texts. */
function toMirror(text: string): string {
  const refuse = (why: string) => new ConfigError(`"registry-mirrors": invalid mirror: ${why}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse(`"${text}" is not a valid URI`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refuse(`no scheme specified for "${text}": must use either 'https://' or 'http://'`);
  }
  if (url.search || url.hash) throw refuse(`query or fragment at end of the URI "${text}"`);
  if (url.username || url.password) throw refuse('username/password not allowed in URI');
  return `${text.replace(/\/+$/, '')}/`;
}

export function toProxies(given: Settings): Record<'http' | 'https' | 'none', string> {
  const nested = (given.proxies as Record<string, string> | undefined) ?? {};
  const proxy = (name: 'http-proxy' | 'https-proxy' | 'no-proxy') =>
    (given[name] as string | undefined) ?? nested[name] ?? '';
  return { http: proxy('http-proxy'), https: proxy('https-proxy'), none: proxy('no-proxy') };
}

/** Docker's options of overlay2, and its words for others. */
export function storageSize(options: readonly string[]): number | undefined {
  let size: number | undefined;
  for (const option of options) {
    const [, key = option, value = ''] = /^([^=]*)=(.*)$/s.exec(option) ?? [];
    if (key.toLowerCase() === 'overlay2.override_kernel_check') continue;
    if (key.toLowerCase() !== 'overlay2.size') {
      throw new ConfigError(`"storage-opts": overlay2: unknown option ${key}`);
    }
    size = parseSize('storage-opts', value) || undefined;
  }
  return size;
}

const UNITS = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const;

/** A size with a unit, in bytes. */
export function parseSize(name: KeyName, size: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)b?$/i.exec(size) ?? [];
  if (!digits) throw new ConfigError(`"${name}" must be a size such as 64M, not "${size}"`);
  return Math.floor(Number(digits) * UNITS[(unit!.toLowerCase() || 'b') as keyof typeof UNITS]);
}

/** The registry that the daemon is to serve; only on this host's loopback address where nothing else is said. */
export function toRegistryServer({ registry }: Settings): RegistryConfig | undefined {
  if (registry === undefined) return undefined;
  try {
    const config = registryConfig({ listen: '127.0.0.1:5000', ...(registry as object) });
    if (config.unknown.length > 0) throw new ConfigError(`"registry": unknown key "${config.unknown[0]}"`);
    return config;
  } catch (error) {
    throw isKind(error, 'invalid-argument') ? new ConfigError(error.message) : error;
  }
}

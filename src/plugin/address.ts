import { readFileSync } from 'node:fs';
import { invalid } from '#errdefs';

const LIMIT = 1 << 20;

/** The files of a plugin that speaks TLS. Docker: without a CA its certificate is not checked. */
export interface PluginTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly verify: boolean;
}

/** Where a plugin listens. */
export type PluginAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: PluginTls | undefined };

/** Reads a `.spec` file: one URL. */
export function readSpecFile(path: string): PluginAddress {
  return parsePluginAddress(readBounded(path).trim());
}

/** Reads a `.json` file: `{"Addr": "…", "TLSConfig": {"CAFile", "CertFile", "KeyFile", "InsecureSkipVerify"}}`. */
export function readJsonFile(path: string): PluginAddress {
  const { Addr, TLSConfig } = parseObject(readBounded(path), path);
  if (typeof Addr !== 'string') throw invalid(`${path}: "Addr" must be a URL`);
  if (TLSConfig === undefined || TLSConfig === null) return parsePluginAddress(Addr);
  if (typeof TLSConfig !== 'object') throw invalid(`${path}: "TLSConfig" must be an object`);
  const given = TLSConfig as Record<string, unknown>;
  const file = (name: string) => (typeof given[name] === 'string' && given[name] !== '' ? given[name] : undefined);
  const ca = file('CAFile');
  const verify = ca !== undefined && given['InsecureSkipVerify'] !== true;
  return parsePluginAddress(Addr, { ca, cert: file('CertFile'), key: file('KeyFile'), verify });
}

/** `unix:///path`, `tcp://host:port`, `http://…` or `https://…`. */
export function parsePluginAddress(text: string, tls?: PluginTls): PluginAddress {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === undefined) throw invalid('Unknown protocol');
  if (scheme === 'unix') return { kind: 'unix', path: rest };
  if (scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') throw invalid(`protocol ${scheme} is not supported`);
  const [, host, port] = /^(\[[^\]]+\]|[^:/?#]+)(?::(\d{1,5}))?\/?$/.exec(rest) ?? [];
  if (!host) throw invalid(`invalid plugin address "${text}"`);
  const secure = scheme === 'https' ? (tls ?? { ca: undefined, cert: undefined, key: undefined, verify: true }) : tls;
  return {
    kind: 'tcp',
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? (secure ? 443 : 80)),
    tls: secure,
  };
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`${path}: not JSON: ${(error as Error).message}`, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${path}: not a JSON object`);
  return value as Record<string, unknown>;
}

function readBounded(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (text.length > LIMIT) throw invalid(`${path}: larger than ${LIMIT} bytes`);
  return text;
}

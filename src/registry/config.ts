import { invalid } from '#errdefs';
import type { Action } from './access/gate.ts';
import type { Rule } from './access/rights.ts';
import { Section } from './section.ts';
import type { Settings } from './settings.ts';
import type { S3Config } from './storage/s3-client.ts';

/** What a registry is told, by the configuration of Docker's registry (`config.yml`, `REGISTRY_*`) and keys of our own. */
export interface RegistryConfig {
  readonly host: string | undefined;
  readonly port: number;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** Where metrics are served; undefined: nowhere. */
  readonly metrics: { readonly host: string | undefined; readonly port: number; readonly path: string } | undefined;
  /** The folder of the content; undefined: the starter's choice. */
  readonly folder: string | undefined;
  readonly s3: S3Config | undefined;
  readonly settings: Partial<Settings>;
  readonly auth: AuthConfig | undefined;
  readonly rules: readonly Rule[] | undefined;
  readonly endpoints: readonly EndpointConfig[];
  readonly upstream: UpstreamConfig | undefined;
  /** How often what nothing refers to is collected; 0: never. */
  readonly collectMs: number;
  /** Keys that mean nothing here. */
  readonly unknown: readonly string[];
}

export interface AuthConfig {
  readonly kind: 'basic' | 'token';
  readonly realm: string | undefined;
  readonly service: string;
  /** The file of accounts. */
  readonly path: string;
}

/** Who is told of events. */
export interface EndpointConfig {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly backoffMs: number;
}

/** The registry that this one stands for. */
export interface UpstreamConfig {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly ttlMs: number;
}

const DAY = 24 * 3600_000;

/** Reads a text that stands for a section or a list. */
type ParseText = (text: string) => unknown;

/**
 * Reads a document of settings; `environment` holds `REGISTRY_*`, which win, sections and lists among them as `parse` reads
 * them. Throws for what is no value of its key.
 */
export function registryConfig(
  document: unknown,
  environment: NodeJS.ProcessEnv = {},
  parse: ParseText = JSON.parse,
): RegistryConfig {
  const top = new Section(overlay(document, environment, parse));
  const http = top.section('http');
  const storage = top.section('storage');
  top.ignore('version', 'log', 'health', 'loglevel', 'middleware', 'catalog', 'redis', 'validation', 'compatibility');
  http.ignore('net', 'prefix', 'secret', 'relativeurls', 'http2', 'h2c', 'draintimeout');
  storage.ignore('cache', 'redirect', 'tag', 'inmemory');
  const debug = http.section('debug');
  const prometheus = debug.section('prometheus');
  const metrics = prometheus.yes('enabled') ? address(debug.text('addr') ?? ':5001') : undefined;
  const config = {
    ...address(top.text('listen') ?? http.text('addr') ?? ':5000'),
    tls: tlsOf(http.section('tls')),
    metrics: metrics && { ...metrics, path: prometheus.text('path') ?? '/metrics' },
    folder: storage.section('filesystem').text('rootdirectory'),
    s3: s3Of(storage),
    settings: { ...settingsOf(storage), quota: quotaOf(top.section('quota')), headers: headersOf(http) },
    auth: authOf(top.section('auth')),
    rules: rulesOf(top.list('access')),
    endpoints: top.section('notifications').list('endpoints').flatMap(endpointOf),
    upstream: upstreamOf(top.section('proxy')),
    collectMs: storage.duration('collect') ?? 3600_000,
  };
  return { ...config, unknown: top.unknown() };
}

function address(text: string): { host: string | undefined; port: number } {
  const match = /^(?:tcp:\/\/)?(\[[\da-fA-F:.]+\]|[^:]*):(\d{1,5})$/.exec(text);
  if (!match || Number(match[2]) > 65535) throw invalid(`registry: invalid address "${text}": want host:port`);
  return { host: match[1]!.replace(/^\[|\]$/g, '') || undefined, port: Number(match[2]) };
}

function tlsOf(tls: Section) {
  tls.ignore('clientcas', 'minimumtls', 'ciphersuites', 'letsencrypt');
  const [certificate, key] = [tls.text('certificate'), tls.text('key')];
  if (!certificate && !key) return undefined;
  if (!certificate || !key) throw invalid('registry: http.tls needs both certificate and key');
  return { certificate, key };
}

function settingsOf(storage: Section): Partial<Settings> {
  const purging = storage.section('maintenance').section('uploadpurging');
  purging.ignore('enabled', 'interval', 'dryrun');
  storage.section('filesystem').ignore('maxthreads');
  const uploadMs = purging.duration('age');
  const blobBytes = storage.size('maxblob');
  return {
    readOnly: storage.section('maintenance').section('readonly').yes('enabled'),
    delete: storage.section('delete').yes('enabled', true),
    ...(uploadMs !== undefined && { uploadMs }),
    ...(blobBytes !== undefined && { blobBytes }),
  };
}

function headersOf(http: Section): Record<string, string> {
  const headers = http.map('headers');
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e]/.test(value)) {
      throw invalid(`registry: http.headers: "${name}" is no header`);
    }
  }
  return headers;
}

const quotaOf = (quota: Section) => ({ repository: quota.size('repository') ?? 0, total: quota.size('total') ?? 0 });

function authOf(auth: Section): AuthConfig | undefined {
  for (const kind of ['htpasswd', 'token'] as const) {
    if (!auth.has(kind)) continue;
    const section = auth.section(kind);
    section.ignore('issuer', 'autoredirect', 'autoredirectpath', 'rootcertbundle', 'signingalgorithms', 'jwks');
    const path = section.text('path');
    if (!path) throw invalid(`registry: auth.${kind} needs the path of a file of accounts`);
    const realm = section.text('realm');
    return { kind: kind === 'token' ? 'token' : 'basic', realm, path, service: section.text('service') ?? 'registry' };
  }
  return undefined;
}

const ACTIONS: readonly string[] = ['pull', 'push', 'delete'];

function rulesOf(sections: readonly Section[]): Rule[] | undefined {
  if (sections.length === 0) return undefined;
  return sections.map((section) => {
    const actions = section.texts('actions');
    const wrong = actions.find((action) => !ACTIONS.includes(action));
    if (wrong !== undefined) throw invalid(`registry: access: unknown action "${wrong}": pull, push or delete`);
    const account = section.text('account') ?? '*';
    return { account, repository: section.text('repository') ?? '*', actions: actions as Action[] };
  });
}

function endpointOf(section: Section): EndpointConfig[] {
  section.ignore('threshold', 'ignoredmediatypes', 'ignore');
  const url = section.text('url') ?? '';
  const headers = section.map('headers');
  const [timeoutMs, backoffMs] = [section.duration('timeout') ?? 5_000, section.duration('backoff') ?? 1_000];
  const name = section.text('name') ?? url;
  if (section.yes('disabled')) return [];
  if (!/^https?:\/\//.test(url)) throw invalid(`registry: notifications: "${url}" is no http(s) URL`);
  return [{ name, url, headers, timeoutMs, backoffMs }];
}

function upstreamOf(proxy: Section): UpstreamConfig | undefined {
  proxy.ignore('exec');
  const url = proxy.text('remoteurl');
  const [username, password] = [proxy.text('username'), proxy.text('password')];
  const ttlMs = proxy.duration('ttl') ?? 7 * DAY;
  return url ? { url, username, password, ttlMs } : undefined;
}

function s3Of(storage: Section): S3Config | undefined {
  const s3 = storage.section('s3');
  if (!storage.has('s3')) return undefined;
  s3.ignore(
    'secure',
    'v4auth',
    'forcepathstyle',
    'skipverify',
    'multipartcopychunksize',
    'multipartcopymaxconcurrency',
  );
  s3.ignore('multipartcopythresholdsize', 'accelerate', 'useragent', 'objectacl', 'usedualstack', 'loglevel');
  const bucket = s3.text('bucket');
  if (!bucket) throw invalid('registry: storage.s3 needs a bucket');
  const region = s3.text('region') ?? 'us-east-1';
  const endpoint = s3.text('regionendpoint') ?? `https://s3.${region}.amazonaws.com`;
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  return {
    endpoint: /^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`,
    region,
    bucket,
    prefix: s3.text('rootdirectory') ?? '',
    accessKey: s3.text('accesskey') ?? AWS_ACCESS_KEY_ID ?? '',
    secretKey: s3.text('secretkey') ?? AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: s3.text('sessiontoken') ?? AWS_SESSION_TOKEN,
    isEncrypted: s3.yes('encrypt'),
    storageClass: s3.text('storageclass'),
    // The least that the service takes.
    partBytes: Math.max(s3.size('chunksize') ?? PART_BYTES, LEAST_PART_BYTES),
  };
}

const PART_BYTES = 64 * 2 ** 20;
const LEAST_PART_BYTES = 5 * 2 ** 20;

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `REGISTRY_HTTP_ADDR=:80` stands for `http: {addr: ":80"}`, as Docker's registry has it. */
function overlay(document: unknown, environment: NodeJS.ProcessEnv, parse: ParseText): Tree {
  const top = lowered(document ?? {}) as Tree;
  if (!isTree(top)) throw invalid('registry: the configuration must be an object');
  const given = Object.entries(environment).filter(([key]) => key.startsWith('REGISTRY_'));
  for (const [key, text] of given.sort(([a], [b]) => a.length - b.length)) {
    const words = key.slice('REGISTRY_'.length).toLowerCase().split('_').filter(Boolean);
    const last = words.pop();
    if (last === undefined) continue;
    let at = top;
    for (const word of words) {
      const next = Object.hasOwn(at, word) ? at[word] : undefined;
      // REGISTRY_AUTH=htpasswd beside REGISTRY_AUTH_HTPASSWD_PATH: a word where a section goes.
      const section: Tree = isTree(next) ? next : typeof next === 'string' ? { [next]: {} } : {};
      Object.defineProperty(at, word, { value: section, enumerable: true, writable: true, configurable: true });
      at = section;
    }
    const value = isStructured(text) ? lowered(structured(key, text!, parse)) : text;
    Object.defineProperty(at, last, { value, enumerable: true, writable: true, configurable: true });
  }
  return top;
}

/** Docker's registry reads each value as YAML: `{enabled: true}`, `- name: hook`. */
export const isStructured = (text: string | undefined) => /^\s*(?:[[{]|- )/.test(text ?? '');

function structured(key: string, text: string, parse: ParseText): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(`registry: ${key}: ${(error as Error).message}`, error);
  }
}

/** Keys in lower case, as Docker's registry reads them; those of headers keep theirs. */
function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, of]) => [key.toLowerCase(), key.toLowerCase() === 'headers' ? of : lowered(of)]),
  );
}

import { readFileSync } from 'node:fs';
import { internal } from '#errdefs';
import { isErrno } from '#sys';
import type { Context } from './context.ts';
import { renderHosts } from './hosts-file.ts';
import type { SandboxRecord } from './reserve.ts';
import type { ResolvConf, ResolvOverrides, Transform } from './resolv-conf.ts';
import {
  chooseServers,
  isResolvedStub,
  parseResolvConf,
  RESOLV_CONF,
  RESOLVED_CONF,
  renderResolvConf,
} from './resolv-conf.ts';
import type { EndpointRow, NetworkStore, SandboxRow } from './store.ts';
import { formatIpv4 } from './subnet.ts';

type Deps = Pick<Context, 'rows' | 'config'>;

export interface SandboxFiles {
  hosts: string;
  resolvConf: string;
  hostname: string;
}

/** The contents of the three files that a sandbox's containers get; who joined another's gets the same. */
export function files({ rows, config }: Deps, containerId: string): SandboxFiles {
  const sandbox = owningSandbox(rows, containerId);
  const record = JSON.parse(sandbox.request) as SandboxRecord;
  const isHost = sandbox.mode === 'host';
  const endpoints = rows.endpoints(sandbox.containerId);
  const predefined = rows.network('bridge');
  const gateway = predefined?.gateway;
  // Docker: a container in the host's namespace has the host's file, unless it wants more in it.
  const hosts =
    isHost && record.extraHosts.length === 0
      ? readOrEmpty('/etc/hosts')
      : renderHosts({
          ...record,
          addresses: endpoints.flatMap(addressesOf),
          linked: linkedHosts(rows, record, predefined?.id),
          hostGateways: config.hostGatewayIps?.length ? config.hostGatewayIps : gateway ? [gateway] : [],
        });
  const hasNames = endpoints.some(({ link, networkId }) => link !== null && networkId !== predefined?.id);
  const transform = isHost ? undefined : hasNames ? 'internal resolver' : 'legacy';
  return { hosts, resolvConf: resolvConf(record, config, transform), hostname: `${record.hostname}\n` };
}

/** Docker: who is linked to is found by alias, hostname and name, on the default bridge only. */
function linkedHosts(rows: NetworkStore, { links = [] }: SandboxRecord, predefined: string | undefined) {
  return links.flatMap((link): [string, string][] => {
    const [given = '', alias = given] = link.split(':');
    const sandbox = rows.sandboxNamed(given.replace(/^\//, ''));
    const endpoint = sandbox && rows.endpoints(sandbox.containerId).find(({ networkId }) => networkId === predefined);
    if (!sandbox || !endpoint || endpoint.address === null) return [];
    const { hostname } = JSON.parse(sandbox.request) as SandboxRecord;
    const names = new Set([alias.replace(/^.*\//, ''), hostname, sandbox.name.replace(/^\//, '')]);
    return [[formatIpv4(endpoint.address), [...names].join(' ')]];
  });
}

function addressesOf({ address, address6 }: EndpointRow): string[] {
  return [...(address === null ? [] : [formatIpv4(address)]), ...(address6 === null ? [] : [address6])];
}

const JOINED = 'container:';

/** The sandbox a container is in: its own, or that of the one it joined (by id or name). */
function owningSandbox(rows: NetworkStore, containerId: string): SandboxRow {
  let sandbox = rows.sandbox(containerId);
  if (sandbox?.mode.startsWith(JOINED)) {
    const target = sandbox.mode.slice(JOINED.length);
    sandbox = rows.sandbox(target) ?? rows.sandboxNamed(target.replace(/^\//, ''));
  }
  if (!sandbox) throw internal(`container ${containerId} has no sandbox`);
  return sandbox;
}

function resolvConf(record: SandboxRecord, config: Context['config'], transform: Transform | undefined): string {
  const overrides = overridesOf(record, config);
  const { conf, path } = hostConf(transform);
  return renderResolvConf(conf, { overrides, path, ...(transform && { transform }) });
}

/** The resolvers that a sandbox's own one asks for names it does not know, and whether short names are kept from them. */
export function upstreamsOf(
  { config }: Pick<Deps, 'config'>,
  record: SandboxRecord,
): { servers: readonly string[]; isNdotsGiven: boolean } {
  const overrides = overridesOf(record, config);
  const { conf } = hostConf('internal resolver');
  const { servers } = chooseServers(conf, overrides, 'internal resolver');
  const options = overrides.options.length > 0 ? overrides.options : conf.options;
  return { servers, isNdotsGiven: options.some((option) => /^ndots:[1-9]/.test(option)) };
}

function overridesOf(record: SandboxRecord, config: Context['config']): ResolvOverrides {
  const pick = (own: readonly string[], general: readonly string[] | undefined) =>
    own.length > 0 ? own : (general ?? []);
  return {
    servers: pick(record.dns, config.dns?.servers),
    search: pick(record.dnsSearch, config.dns?.search),
    options: pick(record.dnsOptions, config.dns?.options),
  };
}

/** The host's own file; where that names systemd's stub only, which no container reaches, the file with the real servers. */
function hostConf(transform: Transform | undefined): { conf: ResolvConf; path: string } {
  const conf = parseResolvConf(readOrEmpty(RESOLV_CONF));
  if (transform === undefined || !isResolvedStub(conf)) return { conf, path: RESOLV_CONF };
  return { conf: parseResolvConf(readOrEmpty(RESOLVED_CONF)), path: RESOLVED_CONF };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

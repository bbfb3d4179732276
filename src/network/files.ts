import { readFileSync } from 'node:fs';
import { internal } from '#errdefs';
import { isErrno } from '#sys';
import type { Context } from './context.ts';
import { renderHosts } from './hosts-file.ts';
import type { SandboxRecord } from './reserve.ts';
import type { ResolvOverrides } from './resolv-conf.ts';
import { isResolvedStub, parseResolvConf, RESOLV_CONF, RESOLVED_CONF, renderResolvConf } from './resolv-conf.ts';
import type { NetworkStore, SandboxRow } from './store.ts';
import { formatIpv4 } from './subnet.ts';

export interface SandboxFiles {
  hosts: string;
  resolvConf: string;
  hostname: string;
}

/** The contents of the three files that a sandbox's containers get; who joined another's gets the same. */
export function files({ rows, config }: Pick<Context, 'rows' | 'config'>, containerId: string): SandboxFiles {
  const sandbox = owningSandbox(rows, containerId);
  const record = JSON.parse(sandbox.request) as SandboxRecord;
  const isHost = sandbox.mode === 'host';
  const addresses = rows.endpoints(sandbox.containerId).map(({ address }) => address);
  const gateway = rows.network('bridge')?.gateway;
  // Docker: a container in the host's namespace has the host's file, unless it wants more in it.
  const hosts =
    isHost && record.extraHosts.length === 0
      ? readOrEmpty('/etc/hosts')
      : renderHosts({
          ...record,
          addresses: addresses.filter((address) => address !== null).map(formatIpv4),
          hostGateways: config.hostGatewayIps?.length ? config.hostGatewayIps : gateway ? [gateway] : [],
        });
  return { hosts, resolvConf: resolvConf(record, config, isHost), hostname: `${record.hostname}\n` };
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

function resolvConf(record: SandboxRecord, config: Context['config'], isHost: boolean): string {
  const pick = (own: readonly string[], general: readonly string[] | undefined) =>
    own.length > 0 ? own : (general ?? []);
  const overrides: ResolvOverrides = {
    servers: pick(record.dns, config.dns?.servers),
    search: pick(record.dnsSearch, config.dns?.search),
    options: pick(record.dnsOptions, config.dns?.options),
  };
  const host = parseResolvConf(readOrEmpty(RESOLV_CONF));
  if (isHost) return renderResolvConf(host, { overrides, path: RESOLV_CONF });
  const path = isResolvedStub(host) ? RESOLVED_CONF : RESOLV_CONF;
  const source = path === RESOLV_CONF ? host : parseResolvConf(readOrEmpty(path));
  return renderResolvConf(source, { overrides, path, transform: 'legacy' });
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

import type { NetworkContainer, NetworkResource } from '#api';
import { recordOf } from './bridge-network.ts';
import type { Context } from './context.ts';
import type { NetworkRow } from './store.ts';

/** A network as the API shows it. */
export function resource(
  { config, names }: Pick<Context, 'config' | 'names'>,
  row: NetworkRow,
  containers: Record<string, NetworkContainer>,
): NetworkResource {
  const record = recordOf(row);
  return {
    Name: row.name,
    Id: row.id,
    Created: row.created,
    Scope: 'local',
    Driver: row.driver,
    EnableIPv4: true,
    EnableIPv6: record?.ipv6 ?? false,
    IPAM: record?.ipam ?? predefinedIpam(row),
    Internal: record?.internal ?? false,
    Attachable: record?.attachable ?? false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: containers,
    Options: record?.options ?? (row.driver === 'bridge' ? bridgeOptions(config, names.bridge) : {}),
    Labels: record?.labels ?? {},
  };
}

function predefinedIpam({ driver, subnet, gateway }: NetworkRow): NetworkResource['IPAM'] {
  const blocks = subnet && gateway ? [{ Subnet: subnet, Gateway: gateway }] : [];
  return { Driver: 'default', Options: null, Config: driver === 'bridge' ? blocks : null };
}

function bridgeOptions(config: Context['config'], bridge: string): Record<string, string> {
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': String(config.icc ?? true),
    'com.docker.network.bridge.enable_ip_masquerade': String(config.ipMasq ?? true),
    'com.docker.network.bridge.host_binding_ipv4': config.ip ?? '0.0.0.0',
    'com.docker.network.bridge.name': bridge,
    'com.docker.network.driver.mtu': String(config.mtu ?? 1500),
  };
}

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
    EnableIPv4: record?.ipv4 ?? true,
    EnableIPv6: record ? record.ipv6 : row.subnet6 != null,
    IPAM: record?.ipam ?? predefinedIpam(config, row),
    Internal: record?.internal ?? false,
    Attachable: record?.attachable ?? false,
    Ingress: false,
    ConfigFrom: { Network: record?.configFrom ?? '' },
    ConfigOnly: record?.configOnly ?? false,
    Containers: containers,
    Options: record?.options ?? (row.driver === 'bridge' ? bridgeOptions(config, names.bridge) : {}),
    Labels: record?.labels ?? {},
  };
}

function predefinedIpam(config: Context['config'], row: NetworkRow): NetworkResource['IPAM'] {
  const { driver, subnet, gateway, subnet6, gateway6 } = row;
  const { fixedCidr, fixedCidr6, defaultGateway, defaultGateway6 } = config;
  const block = (Subnet: string, Gateway: string, IPRange: string | undefined, other: Record<string, string>) => ({
    Subnet,
    ...(IPRange ? { IPRange } : {}),
    Gateway,
    ...(Object.keys(other).length > 0 ? { AuxiliaryAddresses: other } : {}),
  });
  const blocks = [
    ...(subnet && gateway
      ? [block(subnet, gateway, fixedCidr, defaultGateway ? { DefaultGatewayIPv4: defaultGateway } : {})]
      : []),
    ...(subnet6 && gateway6
      ? [block(subnet6, gateway6, fixedCidr6, defaultGateway6 ? { DefaultGatewayIPv6: defaultGateway6 } : {})]
      : []),
  ];
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

import type { Context } from './context.ts';
import type { EndpointRow } from './store.ts';

export const SYSCTLS = 'com.docker.network.endpoint.sysctls';
// The docker CLI writes the options of `--network name=…` in lower case.
const SHAPE = /^net\.(ipv4|ipv6|mpls)\.(conf|neigh)\.(?:IFNAME|ifname)\.([a-z0-9_]+)=(.*)$/;

/** A setting of an interface: a path below /proc/sys/net, and its value. */
export interface InterfaceSysctl {
  path: string;
  value: string;
}

/** The settings in a driver option (`net.ipv4.conf.IFNAME.x=1,…`). */
function parseSysctls(option: string, interfaceName: string): InterfaceSysctl[] {
  return option.split(',').flatMap((entry) => {
    const [, family, group, key, value] = SHAPE.exec(entry.trim()) ?? [];
    return family ? [{ path: `${family}/${group}/${interfaceName}/${key}`, value: value! }] : [];
  });
}

/** What is wrong with such an option, in Docker's words. */
export function sysctlProblem(option: string): string | undefined {
  const bad = option.split(',').find((entry) => !SHAPE.test(entry.trim()));
  if (bad === undefined) return undefined;
  return `unrecognised network interface sysctl '${bad}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`;
}

/** The settings that were asked for an endpoint. */
export function sysctlsOf({ rows }: Pick<Context, 'rows'>, endpoint: EndpointRow): InterfaceSysctl[] {
  const attachment = rows.attachments(endpoint.containerId).find(({ networkId }) => networkId === endpoint.networkId);
  const option = (JSON.parse(attachment?.settings ?? '{}') as { DriverOpts?: Record<string, string> }).DriverOpts?.[
    SYSCTLS
  ];
  return option ? parseSysctls(option, endpoint.interface) : [];
}

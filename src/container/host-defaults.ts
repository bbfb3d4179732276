import type { EndpointSettings, HostConfig, NetworkingConfig } from '#api';
import type { ContainerSettings } from './deps.ts';

/** What this module writes into the HostConfig that inspect shows; the runtime's part is written by its own check. */
export function withHostDefaults(given: HostConfig, settings: ContainerSettings): HostConfig {
  return {
    ...given,
    NetworkMode: given.NetworkMode === '' || given.NetworkMode === 'default' ? 'bridge' : given.NetworkMode,
    RestartPolicy: { ...given.RestartPolicy, Name: given.RestartPolicy.Name || 'no' },
    LogConfig: withLogDefaults(given.LogConfig, settings),
    Runtime: given.Runtime || settings.defaultRuntime,
    // The docker CLI says 0 when nothing was asked for.
    PidsLimit: given.PidsLimit === 0 ? null : given.PidsLimit,
  };
}

/** Driver and options, the daemon's where none are given. */
export function withLogDefaults(given: HostConfig['LogConfig'], settings: ContainerSettings): HostConfig['LogConfig'] {
  const type = given.Type || settings.logDriver;
  const inherited = type === settings.logDriver ? settings.logOptions : {};
  return { Type: type, Config: { ...inherited, ...given.Config } };
}

/** The endpoints asked for, by network name; Docker: the network of NetworkMode only where none is named. */
export function endpointsOf(
  networkMode: string,
  networking: NetworkingConfig | null,
  macAddress: string | undefined,
): Record<string, EndpointSettings> {
  if (networkMode.startsWith('container:')) return {};
  const endpoints: Record<string, EndpointSettings> = {};
  for (const [name, endpoint] of Object.entries(networking?.EndpointsConfig ?? {})) {
    endpoints[name === 'default' ? 'bridge' : name] = endpoint ?? emptyEndpoint();
  }
  if (Object.keys(endpoints).length === 0) endpoints[networkMode] = emptyEndpoint();
  const main = endpoints[networkMode];
  if (main && macAddress && main.MacAddress === '') endpoints[networkMode] = { ...main, MacAddress: macAddress };
  return endpoints;
}

/** An endpoint about which nothing was said. */
export function emptyEndpoint(): EndpointSettings {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    MacAddress: '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
}

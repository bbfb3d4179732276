import type {
  ContainerJSON,
  ContainerSummary,
  CreateRequest,
  EndpointSettings,
  HostConfig,
  Mount,
  UpdateConfig,
} from '#api';
import { before } from '#api';
import { invalid } from '#errdefs';

/** A create request as the newest API version would have said it: what the client's version did not know is taken out. */
export function createFrom(version: string, request: CreateRequest): CreateRequest {
  const host = request.HostConfig && hostConfigFrom(version, request.HostConfig);
  const shaped = { ...request, HostConfig: host };
  const endpoints = Object.keys(request.NetworkingConfig?.EndpointsConfig ?? {});
  if (before(version, '1.44')) {
    if (endpoints.length > 1) {
      throw invalid(`Container cannot be created with multiple network endpoints: ${endpoints.sort().join(', ')}`);
    }
    if (shaped.Healthcheck?.StartInterval) shaped.Healthcheck = { ...shaped.Healthcheck, StartInterval: undefined };
  }
  return shaped;
}

/** What Docker remarks about fields that this API version should not use any more. */
export function createWarnings(version: string, { MacAddress }: CreateRequest): string[] {
  if (!MacAddress || before(version, '1.44')) return [];
  return ['The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.'];
}

function hostConfigFrom(version: string, host: HostConfig): HostConfig {
  const shaped: HostConfig = { ...host };
  if (!before(version, '1.42')) shaped.KernelMemory = undefined;
  if (before(version, '1.43')) shaped.Annotations = undefined;
  if (before(version, '1.42')) shaped.ConsoleSize = [0, 0];
  if (before(version, '1.41') && shaped.CgroupnsMode === '') shaped.CgroupnsMode = 'host';
  if (before(version, '1.40')) {
    shaped.KernelMemoryTCP = undefined;
    if (shaped.IpcMode === '') shaped.IpcMode = 'shareable';
    if (shaped.PidsLimit !== null && shaped.PidsLimit <= 0) shaped.PidsLimit = null;
  }
  if (shaped.Mounts) shaped.Mounts = shaped.Mounts.map((mount) => mountFrom(version, mount));
  return shaped;
}

function mountFrom(version: string, mount: Mount): Mount {
  const bind = mount.BindOptions && { ...mount.BindOptions };
  if (bind && before(version, '1.40')) bind.NonRecursive = undefined;
  if (bind && before(version, '1.42')) bind.CreateMountpoint = undefined;
  // Docker: read-only was not recursive before 1.44.
  if (mount.Type === 'bind' && before(version, '1.44')) {
    if (bind?.ReadOnlyForceRecursive) {
      throw invalid('BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer');
    }
    if (mount.ReadOnly) return { ...mount, BindOptions: { ...bind, ReadOnlyNonRecursive: true } };
  }
  if (before(version, '1.45') && mount.VolumeOptions?.Subpath) {
    throw invalid('VolumeOptions.Subpath needs API v1.45 or newer');
  }
  if (before(version, '1.48') && mount.Type === 'image') throw invalid('Mount type "Image" needs API v1.48 or newer');
  return bind ? { ...mount, BindOptions: bind } : mount;
}

/** An update as the newest API version would have said it. */
export function updateFrom(version: string, config: UpdateConfig): UpdateConfig {
  const shaped: UpdateConfig = { ...config };
  if (!before(version, '1.42')) shaped.KernelMemory = undefined;
  if (before(version, '1.40')) shaped.PidsLimit = null;
  // Docker: whatever is not above zero lifts the limit.
  if (shaped.PidsLimit !== null && shaped.PidsLimit <= 0) shaped.PidsLimit = 0;
  return shaped;
}

/** The inspected container as that API version has it. */
export function inspectFor(version: string, container: ContainerJSON): ContainerJSON {
  if (!before(version, '1.45')) return container;
  const names = [container.Id.slice(0, 12), container.Config.Hostname];
  const networks = Object.entries(container.NetworkSettings.Networks).map(
    ([name, endpoint]) => [name, isUserDefined(name) ? withAliases(endpoint, names) : endpoint] as const,
  );
  const settings = { ...container.NetworkSettings, Networks: Object.fromEntries(networks) };
  return { ...container, NetworkSettings: settings };
}

const isUserDefined = (network: string) => !['bridge', 'host', 'none', 'default'].includes(network);

/** Docker: aliases held the short id and the hostname before there was `DNSNames`. */
const withAliases = (endpoint: EndpointSettings, names: readonly string[]): EndpointSettings => ({
  ...endpoint,
  Aliases: [...new Set([...(endpoint.Aliases ?? []), ...names])],
});

/** One container of a list as that API version has it. */
export function summaryFor(version: string, container: ContainerSummary): ContainerSummary {
  if (!before(version, '1.46') || !container.HostConfig.Annotations) return container;
  return { ...container, HostConfig: { NetworkMode: container.HostConfig.NetworkMode } };
}

import type { ContainerJSON, ContainerState, MountPoint, NetworkSettings } from '#api';
import { formatTime } from '#api';
import type { Context } from './context.ts';
import { containerFiles } from './folder.ts';
import { emptyEndpoint } from './host-defaults.ts';
import { shownLinks } from './link-environment.ts';
import type { Container, ContainerMount } from './record.ts';
import { isUp } from './record.ts';

/** By the record that they were made of: {@link RecentReads} gives the same one as long as nothing is written. */
const kept = new WeakMap<Container, ContainerJSON>();

/** Everything about a container, from committed rows only; with `size` also what its files take. */
export async function inspect(
  context: Context,
  container: Container,
  { size }: { size: boolean },
): Promise<ContainerJSON> {
  let known = kept.get(container);
  if (!known) kept.set(container, (known = describe(context, container)));
  // Execs are on no record.
  const now = { ...known, ExecIDs: context.execs.idsOf(container.id) };
  return size ? { ...now, ...(await sizes(context, container)) } : now;
}

function describe(context: Context, container: Container): ContainerJSON {
  const { id, spec, startedAt } = container;
  const { config, hostConfig } = spec;
  const wasStarted = !startedAt.startsWith('0001') || container.error !== '';
  const files = containerFiles(context.settings, id);
  return {
    Id: id,
    Created: formatTime(container.createdNano),
    Path: spec.path,
    Args: [...spec.args],
    State: stateOf(container),
    Image: container.imageId,
    ResolvConfPath: wasStarted ? files.resolvConf : '',
    HostnamePath: wasStarted ? files.hostname : '',
    HostsPath: wasStarted ? files.hosts : '',
    LogPath: wasStarted && hostConfig.LogConfig.Type === 'json-file' ? files.log : '',
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: context.settings.driver,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: wasStarted ? (context.apparmorProfile(hostConfig) ?? '') : '',
    ExecIDs: context.execs.idsOf(id),
    // Docker: who asked for no limit is shown none; one that an update lifted is 0.
    HostConfig: {
      ...hostConfig,
      Links: shownLinks(context, container),
      PidsLimit: (hostConfig.PidsLimit ?? -1) >= 0 ? hostConfig.PidsLimit : null,
    },
    GraphDriver: context.graphDriver(id),
    Mounts: container.mounts.map(mountPoint),
    Config: withMac(config, spec.endpoints[hostConfig.NetworkMode]?.MacAddress),
    NetworkSettings: networkSettings(context, container),
  };
}

/** Docker: the MAC address asked for in the container's own network is repeated here. */
function withMac(config: ContainerJSON['Config'], mac: string | undefined): ContainerJSON['Config'] {
  return mac ? { ...config, MacAddress: mac } : config;
}

/** The API's state; a paused and a restarting container count as running. */
export function stateOf(container: Container): ContainerState {
  const { status, phase, health } = container;
  return {
    Status: status,
    Running: isUp(container),
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: container.oomKilled,
    Dead: status === 'dead',
    Pid: 'process' in phase ? phase.process.pid : 0,
    ExitCode: container.exitCode,
    Error: container.error,
    StartedAt: container.startedAt,
    FinishedAt: container.finishedAt,
    ...(health ? { Health: health } : {}),
  };
}

export function mountPoint(mount: ContainerMount): MountPoint {
  return {
    Type: mount.type,
    ...(mount.name ? { Name: mount.name } : {}),
    Source: mount.type === 'image' ? '' : mount.source,
    Destination: mount.destination,
    ...(mount.type === 'volume' ? { Driver: mount.driver ?? 'local' } : {}),
    Mode: mount.mode,
    RW: mount.rw,
    Propagation: mount.propagation,
  };
}

/** The network part. The address of a container that is not started yet is nobody's business. */
export function networkSettings({ networks }: Context, container: Container): NetworkSettings {
  const settings = networks.settings(container.id);
  if (isUp(container) || settings.SandboxID === '') return settings;
  const wasStarted = !container.startedAt.startsWith('0001');
  const Networks = Object.entries(settings.Networks).map(([name, { NetworkID }]) => [
    name,
    { ...emptyEndpoint(), ...container.spec.endpoints[name], NetworkID: wasStarted ? NetworkID : '' },
  ]);
  const MacAddress = container.spec.endpoints.bridge?.MacAddress ?? '';
  return { ...NO_SANDBOX, MacAddress, Networks: Object.fromEntries(Networks) };
}

const NO_SANDBOX: NetworkSettings = {
  Bridge: '',
  SandboxID: '',
  SandboxKey: '',
  Ports: {},
  HairpinMode: false,
  LinkLocalIPv6Address: '',
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
  EndpointID: '',
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
  Networks: {},
};

/** Bytes written by the container, and with those of its image. */
export async function sizes(
  { snapshots, images }: Context,
  { id, imageId }: Container,
): Promise<{ SizeRw: number; SizeRootFs: number }> {
  const { size } = await snapshots.usage(id);
  return { SizeRw: size, SizeRootFs: size + imageSize(images, imageId) };
}

function imageSize(images: Context['images'], imageId: string): number {
  return images.get(imageId)?.size ?? 0;
}

import type { ContainerJSON, ContainerState, MountPoint } from '#api';
import { formatTime } from '#api';
import type { Context } from './context.ts';
import { containerFiles } from './folder.ts';
import type { Container, ContainerMount } from './record.ts';
import { isUp } from './record.ts';

/** Everything about a container, from committed rows only; with `size` also what its files take. */
export async function inspect(
  context: Context,
  container: Container,
  { size }: { size: boolean },
): Promise<ContainerJSON> {
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
    AppArmorProfile: '',
    ExecIDs: context.execs.idsOf(id),
    // Docker: without a limit it shows none, also when that was asked for.
    HostConfig: { ...hostConfig, PidsLimit: (hostConfig.PidsLimit ?? 0) > 0 ? hostConfig.PidsLimit : null },
    GraphDriver: context.graphDriver(id),
    ...(size ? await sizes(context, container) : {}),
    Mounts: container.mounts.map(mountPoint),
    Config: withMac(config, spec.endpoints[hostConfig.NetworkMode]?.MacAddress),
    NetworkSettings: context.networks.settings(id),
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
    Source: mount.source,
    Destination: mount.destination,
    ...(mount.type === 'volume' ? { Driver: mount.driver ?? 'local' } : {}),
    Mode: mount.mode,
    RW: mount.rw,
    Propagation: mount.propagation,
  };
}

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

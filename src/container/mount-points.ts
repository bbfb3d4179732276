import { existsSync } from 'node:fs';
import type { ContainerConfig, HostConfig, Mount } from '#api';
import { invalid } from '#errdefs';
import { clean, parseBind, parseVolumesFrom } from './binds.ts';
import { assertOptionsFit, mountFault } from './mount-config.ts';
import { readMode } from './mount-mode.ts';
import type { ContainerMount } from './record.ts';

/** A mount point whose volume is not there yet: `name` is empty for an anonymous one. */
export interface WantedMount extends Omit<ContainerMount, 'made' | 'anonymous'> {
  readonly volumeOptions?: { readonly labels: Record<string, string>; readonly driverOptions: Record<string, string> };
}

/** What the mounts of a new container are made of. */
export interface MountRequest {
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** The mount points of a container of `--volumes-from`, by its name or id. */
  readonly mountsOf: (container: string) => readonly ContainerMount[];
  /** The id of an image of this name. */
  readonly imageId: (name: string) => string;
  /** The daemon's own folder. */
  readonly dataRoot: string;
  /** Docker: what `-v …:ro` meant before API 1.44. */
  readonly readOnlyNonRecursive: boolean;
}

/** All mount points in force: --volumes-from, binds, mounts, then the volumes of the image at what is left. */
export function wantedMounts(request: MountRequest): WantedMount[] {
  const { config, hostConfig, mountsOf, imageId } = request;
  const all = (hostConfig.VolumesFrom ?? []).flatMap((spec) => inherit(spec, mountsOf));
  const inherited = [...new Map(all.map((mount) => [mount.destination, mount])).values()];
  const explicit = [
    ...(hostConfig.Binds ?? []).map(fromBind).map((mount) => driven(mount, hostConfig)),
    ...(hostConfig.Mounts ?? []).map((mount) => fromMount(mount, imageId)),
  ].map((mount) => (mount.type === 'bind' ? settled(mount, request) : mount));
  const taken = new Set(Object.keys(hostConfig.Tmpfs ?? {}).map(clean));
  for (const { destination } of explicit) {
    if (taken.has(destination)) throw invalid(`Duplicate mount point: ${destination}`);
    taken.add(destination);
  }
  const points = [...inherited.filter(({ destination }) => !taken.has(destination)), ...explicit];
  for (const { destination } of points) taken.add(destination);
  const rest = fromConfig(config).filter(({ destination }) => !taken.has(destination));
  return [...points, ...rest.map((mount) => driven(mount, hostConfig))];
}

/** Docker: the container-wide driver is for volumes that are not given as mounts. */
function driven(mount: WantedMount, { VolumeDriver }: HostConfig): WantedMount {
  return mount.type === 'volume' && VolumeDriver ? { ...mount, driver: VolumeDriver } : mount;
}

/** Docker: what holds the daemon's folder, or lies in it, sees its mounts come and go, so that it keeps none of them busy. */
function settled(mount: WantedMount, { dataRoot, readOnlyNonRecursive }: MountRequest): WantedMount {
  const { source, propagation, rw } = mount;
  const isOurs = source.startsWith(dataRoot) || dataRoot.startsWith(source);
  if (isOurs && propagation !== '' && propagation !== 'rslave' && propagation !== 'rshared') {
    throw invalid(
      `invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: ${JSON.stringify(dataRoot)}, bind mount source: ${JSON.stringify(source)}, propagation: ${JSON.stringify(propagation)}`,
    );
  }
  return {
    ...mount,
    propagation: propagation || (isOurs ? 'rslave' : 'rprivate'),
    ...(readOnlyNonRecursive && !rw ? { readOnlyNonRecursive } : {}),
  };
}

function fromBind(spec: string): WantedMount {
  const { type, source, destination, mode } = parseBind(spec);
  const { rw, propagation, noCopy } = readMode(mode);
  if (type === 'bind') {
    return { type, destination, source, mode, rw, propagation, createSource: true };
  }
  return volume({ destination, name: source, mode: mode || 'z', rw, noCopy });
}

function fromMount(mount: Mount, imageId: MountRequest['imageId']): WantedMount {
  assertOptionsFit(mount);
  const fault = mountFault(mount, existsSync);
  if (fault) throw invalid(fault);
  const destination = clean(mount.Target!);
  const rw = !mount.ReadOnly;
  switch (mount.Type) {
    case 'bind':
      return bind(mount, destination, rw);
    case 'volume':
      return namedVolume(mount, destination, rw);
    case 'tmpfs':
      return { type: 'tmpfs', destination, source: '', mode: '', rw, propagation: '' };
    default:
      return image(mount, destination, imageId);
  }
}

function bind(mount: Mount, destination: string, rw: boolean): WantedMount {
  const options = mount.BindOptions;
  return {
    type: 'bind',
    destination,
    source: clean(mount.Source!),
    mode: '',
    rw,
    propagation: options?.Propagation ?? '',
    ...(options?.NonRecursive ? { nonRecursive: true } : {}),
    ...(options?.ReadOnlyNonRecursive ? { readOnlyNonRecursive: true } : {}),
    ...(options?.ReadOnlyForceRecursive ? { readOnlyForceRecursive: true } : {}),
    ...(options?.CreateMountpoint ? { createSource: true } : {}),
  };
}

function namedVolume(mount: Mount, destination: string, rw: boolean): WantedMount {
  const options = mount.VolumeOptions;
  return {
    ...volume({ destination, name: mount.Source ?? '', mode: 'z', rw, noCopy: options?.NoCopy ?? false }),
    ...(options?.Subpath ? { subpath: options.Subpath } : {}),
    driver: options?.DriverConfig?.Name || 'local',
    volumeOptions: { labels: options?.Labels ?? {}, driverOptions: options?.DriverConfig?.Options ?? {} },
  };
}

/** Docker: read-only whatever was asked for. */
function image(mount: Mount, destination: string, imageId: MountRequest['imageId']): WantedMount {
  const subpath = mount.ImageOptions?.Subpath;
  return {
    type: 'image',
    destination,
    source: imageId(mount.Source!),
    name: mount.Source!,
    mode: '',
    rw: false,
    propagation: 'rprivate',
    ...(subpath ? { subpath } : {}),
  };
}

function fromConfig(config: ContainerConfig): WantedMount[] {
  const paths = new Set(Object.keys(config.Volumes ?? {}).map(clean));
  return [...paths].map((destination) => volume({ destination, name: '', mode: '', rw: true, noCopy: false }));
}

function volume(point: { destination: string; name: string; mode: string; rw: boolean; noCopy: boolean }): WantedMount {
  const { noCopy, ...rest } = point;
  return { type: 'volume', source: '', driver: 'local', propagation: '', ...rest, ...(noCopy ? { noCopy } : {}) };
}

function inherit(spec: string, mountsOf: MountRequest['mountsOf']): WantedMount[] {
  const { container, mode } = parseVolumesFrom(spec);
  const { rw } = readMode(mode);
  // Docker: the mode is not inherited, and nothing of the image is copied.
  return mountsOf(container).map(({ made: _, anonymous: __, ...mount }) => ({
    ...mount,
    ...(mount.type === 'volume' ? { noCopy: true } : {}),
    mode: '',
    rw: mount.rw && rw,
  }));
}

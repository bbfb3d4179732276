import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { ContainerConfig, CreateRequest, CreateResponse, HostConfig } from '#api';
import { nowNano } from '#api';
import { internal, invalid, isKind, notFound } from '#errdefs';
import { checkOptions } from '#logging';
import { formatPlatform, parsePlatform, platformMatches } from '#oci';
import { bootId, failpoint } from '#sys';
import { clean } from './binds.ts';
import type { Context } from './context.ts';
import type { ImageRecord } from './deps.ts';
import { dropFolder } from './folder.ts';
import { endpointsOf, withHostDefaults } from './host-defaults.ts';
import { assertLogDriver } from './log-care.ts';
import { commandLine, mergeConfig } from './merge.ts';
import type { WantedMount } from './mount-points.ts';
import { wantedMounts } from './mount-points.ts';
import { freeName, parseName } from './names.ts';
import type { ContainerMount, ContainerSpec } from './record.ts';
import { shortId } from './record.ts';
import { mountVolumes, releaseVolumes } from './resolve-mounts.ts';
import { ENGINE_MARKS } from './restore-snapshot.ts';
import { sandboxRequest } from './sandbox-request.ts';
import { storageSize } from './storage-size.ts';
import type { NewContainer } from './store.ts';
import { tell } from './tell.ts';
import { assertSettings } from './validate.ts';

export interface CreateOptions {
  readonly name: string;
  readonly platform: string | undefined;
  /** Docker: what `-v …:ro` meant before API 1.44. */
  readonly readOnlyNonRecursive: boolean;
}

/**
 * Makes a container: one transaction, then the answer; its sandbox is begun at once in the hope of a start. With volumes
 * to be filled from the image an operation is on record until they are, and the container is shown only then.
 */
export async function create(
  context: Context,
  request: CreateRequest,
  options: CreateOptions,
): Promise<CreateResponse> {
  const foreign = assertLogDriver(context, request.HostConfig?.LogConfig);
  if (foreign) await foreign;
  const { image, container, wanted, warnings } = plan(context, request, options);
  context.unborn.add(container.id);
  try {
    await context.snapshots.prepare(container.id, [...image.layers], {
      marks: ENGINE_MARKS,
      size: storageSize(container.spec.hostConfig),
    });
    failpoint('container.create.snapshot-prepared');
    await assertDirectory(context, container);
    const isFilled = commit(context, container, wanted);
    failpoint('container.create.recorded');
    if (!isFilled) await fill(context, container.id);
  } catch (error) {
    await undo(context, container.id);
    throw error;
  } finally {
    context.unborn.delete(container.id);
    void releaseVolumes(context);
  }
  // A container of --rm does not outlive a power cut anyway.
  if (!container.spec.hostConfig.AutoRemove) await context.store.durable();
  // First the answer. Somebody may have removed the container by then.
  setImmediate(() => {
    const made = context.rows.get(container.id);
    if (made) context.sandboxes.begin(made);
  });
  return { Id: container.id, Warnings: [...new Set(warnings)] };
}

/** Everything that may be refused, and nothing done yet. */
function plan(context: Context, request: CreateRequest, { name, platform, readOnlyNonRecursive }: CreateOptions) {
  const { HostConfig: host, NetworkingConfig: networking, ...config } = request;
  const given = host ?? context.settings.emptyHostConfig;
  const bare = name === '' ? '' : parseName(name);
  assertSettings(config, given, context.settings);
  const checked = context.validateHostConfig(given);
  const warnings = [...checked.warnings];
  const image = findImage(context, config.Image, platform);
  const merged = mergeConfig(config, image.config.config ?? {});
  const hostConfig = withHostDefaults(resolvePeers(context, checked.hostConfig), context.settings);
  checkOptions(hostConfig.LogConfig.Type, hostConfig.LogConfig.Config ?? {});
  const id = newId();
  const spec: ContainerSpec = {
    config: withIdentity(context, id, merged, hostConfig),
    hostConfig,
    endpoints: endpointsOf(hostConfig.NetworkMode, networking, config.MacAddress),
    ...commandLine(merged),
    logDefaults: hasOwnLimits(hostConfig) ? {} : context.settings.logDefaults,
  };
  const container: Omit<NewContainer, 'mounts'> = {
    id,
    name: bare || freeName((candidate) => context.rows.holderOf(candidate) !== undefined, shortId(id)),
    createdNano: nowNano(),
    imageId: image.id,
    spec,
    links: linksOf(context.rows, hostConfig),
  };
  warnings.push(...driverWarnings(given));
  warnings.push(...context.networks.validate(sandboxRequest(container)));
  const wanted = wantedMounts({
    config: spec.config,
    hostConfig,
    mountsOf: (other) => mountsOf(context, other),
    imageId: (name) => context.images.resolve(name).id,
    dataRoot: dirname(context.settings.folder),
    readOnlyNonRecursive,
  });
  if (wanted.some(({ type }) => type === 'image')) warnings.push('Image mount is an experimental feature');
  return { image, container, wanted, warnings };
}

function driverWarnings({ VolumeDriver, Mounts }: HostConfig): string[] {
  if (!VolumeDriver || !Mounts?.some(({ Type }) => Type === 'volume')) return [];
  return [
    "WARNING: the container-wide volume-driver configuration is ignored for volumes specified via 'mount'. Use '--mount type=volume,volume-driver=...' instead",
  ];
}

function findImage({ images }: Context, name: string, platform: string | undefined): ImageRecord {
  const image = images.resolve(name);
  if (!platform) return image;
  const wanted = parsePlatform(platform);
  const has = { os: image.config.os ?? 'linux', architecture: image.config.architecture ?? '' };
  if (platformMatches(wanted, has)) return image;
  throw notFound(
    `image with reference ${name} was found but its platform (${formatPlatform(has)}) does not match the specified platform (${formatPlatform(wanted)})`,
  );
}

/** `container:<name>` is kept as `container:<id>`. */
function resolvePeers({ rows }: Context, host: HostConfig): HostConfig {
  const resolved = (mode: string) =>
    /^container:./.test(mode) ? `container:${resolvePeer(rows, mode.slice(CONTAINER))}` : mode;
  const joined = { ...host, PidMode: resolved(host.PidMode), IpcMode: resolved(host.IpcMode) };
  if (!host.NetworkMode.startsWith('container:')) return joined;
  try {
    return { ...joined, NetworkMode: `container:${rows.resolve(host.NetworkMode.slice(CONTAINER))}` };
  } catch (error) {
    // Docker: that it is missing is told by the start.
    if (isKind(error, 'not-found')) return joined;
    throw error;
  }
}

/** Docker: who shares a network namespace is linked to by its owner. */
function linksOf(rows: Context['rows'], { Links, NetworkMode }: HostConfig): NewContainer['links'] {
  const links = (Links ?? []).map((link) => {
    const [name = '', alias = name] = link.split(':');
    return {
      alias: alias.replace(/^.*\//, ''),
      linkedId: resolvePeer(rows, name, `could not get container for ${name}: `),
    };
  });
  if (NetworkMode !== 'bridge') return [];
  const owned = links.map(({ alias, linkedId }) => ({ alias, linkedId: ownerOf(rows, linkedId) }));
  if (owned.some(({ linkedId }) => rows.get(linkedId)?.spec.hostConfig.NetworkMode === 'host')) {
    throw invalid(
      "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
    );
  }
  return owned;
}

/** The container whose network namespace this one is in. */
function ownerOf(rows: Context['rows'], id: string): string {
  const mode = rows.get(id)?.spec.hostConfig.NetworkMode ?? '';
  return mode.startsWith('container:') ? ownerOf(rows, mode.slice(CONTAINER)) : id;
}

const CONTAINER = 'container:'.length;

/** Docker: of a create only a missing image may be a 404. */
function resolvePeer(rows: Context['rows'], reference: string, words = ''): string {
  try {
    return rows.resolve(reference);
  } catch (error) {
    throw invalid(words + (error as Error).message, error);
  }
}

function withIdentity(context: Context, id: string, config: ContainerConfig, host: HostConfig): ContainerConfig {
  return {
    ...config,
    Hostname: config.Hostname || hostnameFor(context, id, host),
    WorkingDir: config.WorkingDir === '' ? '' : clean(config.WorkingDir),
    Domainname: config.Domainname,
  };
}

function hostnameFor({ rows, settings }: Context, id: string, { NetworkMode }: HostConfig): string {
  if (NetworkMode === 'host') return settings.hostname;
  const peer = NetworkMode.startsWith('container:') ? rows.get(NetworkMode.slice(10)) : undefined;
  return peer?.spec.config.Hostname ?? shortId(id);
}

function hasOwnLimits({ LogConfig }: HostConfig): boolean {
  return LogConfig.Config?.['max-size'] !== undefined || LogConfig.Config?.['max-file'] !== undefined;
}

function mountsOf({ rows }: Context, reference: string): readonly ContainerMount[] {
  return rows.get(resolvePeer(rows, reference))?.mounts ?? [];
}

/** Docker: a short id of digits alone could be taken for a number as a hostname. */
function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (!/^\d+$/.test(shortId(id))) return id;
  }
}

/** Docker: makes the working directory at create, and stumbles over a file there. */
async function assertDirectory({ snapshots }: Context, { id, spec }: Pick<NewContainer, 'id' | 'spec'>): Promise<void> {
  const { WorkingDir } = spec.config;
  if (WorkingDir === '' || WorkingDir === '/') return;
  const isFile = await snapshots.readFromSnapshot(id, WorkingDir, 1).then(
    (content) => content !== undefined,
    // Only a file can be longer than that.
    (error) => isKind(error, 'invalid-argument'),
  );
  if (isFile) throw internal(`Cannot mkdir: ${WorkingDir} is not a directory`);
}

/** Row, name, mounts, new volumes. True when that is all: the event is in it too. */
function commit(context: Context, container: Omit<NewContainer, 'mounts'>, wanted: readonly WantedMount[]): boolean {
  const { store, rows } = context;
  return store.tx(() => {
    rows.assertNameFree(container.name);
    const mounts = wanted.map((mount) => withVolume(context, mount));
    rows.insert({ ...container, mounts });
    context.networks.register(sandboxRequest(container));
    const isFilled = !mounts.some(isFilledUp);
    if (isFilled) tell(context, container, 'create');
    else rows.begin(container.id, 'create', bootId());
    return isFilled;
  });
}

/** The mount point with its volume, made if need be. */
function withVolume({ volumes }: Context, { volumeOptions, ...mount }: WantedMount): ContainerMount {
  if (mount.type !== 'volume') return mount;
  const isAnonymous = !mount.name;
  const isNew = isAnonymous || !volumes.exists(mount.name!);
  const volume = volumes.create(
    {
      Name: mount.name || undefined,
      Driver: mount.driver ?? 'local',
      DriverOpts: volumeOptions?.driverOptions ?? {},
      Labels: volumeOptions?.labels ?? {},
    },
    { anonymous: isAnonymous },
  );
  return {
    ...mount,
    name: volume.Name,
    driver: volume.Driver,
    source: volumes.path(volume.Name),
    ...(isAnonymous ? { anonymous: true } : {}),
    ...(isNew ? { made: true } : {}),
    ...(volumes.needsMount(volume.Name) ? { mountedOnUse: true } : {}),
  };
}

const isFilledUp = ({ type, noCopy, subpath }: ContainerMount) => type === 'volume' && !noCopy && !subpath;

/** Docker: an empty volume gets what the image has at its place. */
async function fill(context: Context, id: string): Promise<void> {
  const { store, rows, snapshots } = context;
  for (const mount of rows.mounts(id).filter(isFilledUp)) {
    if (mount.mountedOnUse && !snapshots.hasDirectory(id, mount.destination)) continue;
    using _ = await mountVolumes(context, { mounts: [mount] }).catch((error: Error) => {
      throw internal(`failed to populate volume: ${error.message}`, error);
    });
    await snapshots.copyUp(id, mount.destination, mount.source);
    failpoint('container.create.volume-filled');
  }
  store.tx(() => {
    rows.end(id);
    tell(context, rows.get(id)!, 'create');
  });
  failpoint('container.create.filled');
}

/** Takes back a create that did not come about, the volumes it made included. Also what recovery does. */
export async function undo(context: Context, id: string): Promise<void> {
  const { store, rows, networks, volumes, snapshots, settings, log } = context;
  const made = rows.mounts(id).filter((mount) => mount.made);
  store.tx(() => {
    networks.forget(id);
    rows.delete(id);
  });
  failpoint('container.create.undone');
  for (const { name } of made) {
    if (rows.containersUsingVolume(name!).length > 0) continue;
    try {
      await volumes.remove(name!, true);
    } catch (error) {
      log.warn('volume of a failed create not removed', { volume: name, error });
    }
  }
  await snapshots.remove(id);
  dropFolder(settings, id);
}

import { closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { internal, invalid, notFound } from '#errdefs';
import type { PlacedMount, ResolvedMount } from '#runtime';
import { closeFd, failpoint, isErrno, mountFlags, O_PATH, openat2, RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS } from '#sys';
import type { Context } from './context.ts';
import type { Container, ContainerMount } from './record.ts';
import { isRemapped } from './user-namespace.ts';

/** The mounts of a spec, and what the stub makes before for them. */
export interface ResolvedMounts {
  readonly mounts: readonly ResolvedMount[];
  readonly placed: readonly PlacedMount[];
}

/** Where the mounts of a container come from now. Throws what Docker says at the start. */
export function resolveMounts(context: Context, { id, mounts, spec }: Container): ResolvedMounts {
  for (const mount of mounts) assertOutsideProc(mount);
  const isShifted = isRemapped(context.settings, spec.hostConfig);
  const placed: PlacedMount[] = [];
  const place = (mount: Omit<PlacedMount, 'target'>) => {
    const target = context.runtime.place(id, placed.length);
    placed.push({ ...mount, target });
    return target;
  };
  const resolved = mounts.flatMap((mount) => {
    if (mount.type === 'tmpfs') return [];
    if (mount.type === 'image') {
      return [bound(mount, { source: place(imageOf(context, mount)), flags: [], isDirectory: false })];
    }
    const found = resolveMount(mount);
    if (mount.type === 'volume' && isShifted) {
      return [{ ...found, source: place({ source: mount.source, subpath: mount.subpath || '.', isShifted }) }];
    }
    return [mount.subpath ? { ...found, source: place({ source: mount.source, subpath: mount.subpath }) } : found];
  });
  return { mounts: resolved, placed };
}

/** What may be mounted over in /proc: files that tell of the machine's resources (runc's validator does the same). */
const SHOWN_IN_PROC =
  /^\/proc\/(cpuinfo|diskstats|meminfo|stat|swaps|uptime|loadavg|slabinfo|sys\/kernel\/ns_last_pid|sys\/crypto\/fips_enabled)$/;

/** The kernel's own files in /proc decide on confinement: nobody gets to put others in their place. In runc's words. */
function assertOutsideProc({ source, destination }: ContainerMount): void {
  if (!destination.startsWith('/proc/') || SHOWN_IN_PROC.test(destination)) return;
  throw internal(
    `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "${source}" to rootfs at "${destination}": check proc-safety of ${destination} mount: "${destination}" cannot be mounted because it is inside /proc`,
  );
}

/** A bind or volume with its source on the host, which is made when it may be. */
export function resolveMount(mount: ContainerMount): ResolvedMount {
  return bound(mount, { source: mount.source, ...(mount.type === 'bind' ? bindSource(mount) : volumeSource(mount)) });
}

/** Mounts what has to be mounted on the folders of a container's volumes; it stays until the result is disposed of. */
export async function mountVolumes(
  { volumes }: Context,
  { mounts }: Pick<Container, 'mounts'>,
): Promise<DisposableStack> {
  using undo = new DisposableStack();
  for (const { name, mountedOnUse } of mounts) if (mountedOnUse) undo.use(await volumes.mount(name!));
  return undo.move();
}

/** Takes off what is mounted for containers that do not use it any more. */
export async function releaseVolumes({ volumes, rows, starting, sandboxes, log }: Context): Promise<void> {
  const isUser = ({ id, running }: { id: string; running: boolean }) =>
    running || starting.has(id) || sandboxes.has(id);
  await volumes
    .unmountUnused((name) => rows.containersUsingVolume(name).some(isUser))
    .catch((error) => log.warn('volume not unmounted', { error }));
}

interface Source {
  readonly source: string;
  readonly flags: readonly string[];
  readonly isDirectory?: boolean;
}

function bound(mount: ContainerMount, { source, flags, isDirectory = true }: Source): ResolvedMount {
  return {
    source,
    destination: mount.destination,
    readonly: !mount.rw,
    propagation: mount.propagation,
    ...(flags.length > 0 ? { flags } : {}),
    ...(mount.nonRecursive ? { nonRecursive: true } : {}),
    // There is nothing below a file or within an image, and crun's recursive read-only takes directories only.
    ...(mount.readOnlyNonRecursive || (!isDirectory && !mount.rw) ? { readOnlyNonRecursive: true } : {}),
    ...(mount.readOnlyForceRecursive && isDirectory ? { readOnlyForceRecursive: true } : {}),
  };
}

function bindSource(mount: ContainerMount): Omit<Source, 'source'> {
  makeSource(mount);
  return { flags: mountFlags(mount.source), isDirectory: statSync(mount.source).isDirectory() };
}

/** Docker: `-v /missing:/x` makes the folder, root's and 0755; `--mount` refuses. */
function makeSource({ source, createSource }: ContainerMount): void {
  if (existsSync(source)) return;
  if (!createSource) throw invalid(`invalid mount config for type "bind": bind source path does not exist: ${source}`);
  try {
    mkdirSync(source, { recursive: true, mode: 0o755 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST', 'ENOTDIR', 'EROFS', 'EACCES', 'EPERM')) throw error;
    throw internal(`error while creating mount source path '${source}': mkdir ${source}: ${error.code}`, error);
  }
  failpoint('container.prepare.bind-source-made');
}

function volumeSource({ source, subpath }: ContainerMount): Omit<Source, 'source'> {
  const isDirectory = subpath ? isDirectoryBeneath(source, subpath) : true;
  return { flags: mountFlags(source), isDirectory };
}

/**
 * Docker's words for a subpath that is not there or leads out. The stub looks again and holds on to what it finds: whoever
 * moves links meanwhile gets an error, never another file.
 */
function isDirectoryBeneath(folder: string, subpath: string): boolean {
  const root = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const fd = openat2(root, Buffer.from(subpath), O_PATH, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    try {
      return statSync(`/proc/self/fd/${fd}`).isDirectory();
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    throw subpathError(error, folder, subpath);
  } finally {
    closeSync(root);
  }
}

function subpathError(error: unknown, folder: string, subpath: string): unknown {
  const path = `${folder}/${subpath}`;
  if (isErrno(error, 'EXDEV', 'ELOOP')) {
    return invalid(`path concatenation escapes the base directory, base: ${folder}, subpath: ${subpath}`, error);
  }
  if (isErrno(error, 'ENOENT')) {
    return notFound(`cannot access path ${path}: lstat ${path}: no such file or directory`, error);
  }
  if (isErrno(error, 'ENOTDIR')) {
    return internal(`error while resolving symlinks in combined path "${path}": not a directory`, error);
  }
  return error;
}

function imageOf({ images, snapshots }: Context, { source, name, subpath }: ContainerMount) {
  const image = images.get(source);
  if (!image) throw notFound(`No such image: ${name}`);
  return { source: snapshots.view(image.layers), subpath: subpath ?? '' };
}

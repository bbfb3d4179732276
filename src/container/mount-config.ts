import { posix } from 'node:path';
import type { Mount } from '#api';
import { invalid } from '#errdefs';
import { PROPAGATIONS } from './mount-mode.ts';

const KNOWN = ['bind', 'volume', 'tmpfs', 'image'];

/**
 * What is wrong with one mount of `HostConfig.Mounts`, in Docker's words; undefined when nothing is. `exists` judges host
 * paths; without it their absence is no error (`-v` makes them).
 */
export function mountFault(mount: Mount, exists?: (path: string) => boolean): string | undefined {
  const fault = faultOf(mount, exists);
  return fault === undefined ? undefined : `invalid mount config for type "${mount.Type ?? ''}": ${fault}`;
}

function faultOf(mount: Mount, exists?: (path: string) => boolean): string | undefined {
  if (!mount.Target) return 'field Target must not be empty';
  if (!KNOWN.includes(mount.Type ?? '')) return 'mount type unknown';
  if (posix.normalize(mount.Target) === '/') return "invalid specification: destination can't be '/'";
  if (!posix.isAbsolute(mount.Target)) return notAbsolute(mount.Target);
  switch (mount.Type) {
    case 'bind':
      return bindFault(mount, exists);
    case 'volume':
      return volumeFault(mount);
    case 'tmpfs':
      return tmpfsFault(mount);
    default:
      return imageFault(mount);
  }
}

function bindFault(mount: Mount, exists?: (path: string) => boolean): string | undefined {
  if (!mount.Source) return 'field Source must not be empty';
  if (mount.VolumeOptions) return extra('VolumeOptions');
  if (mount.ImageOptions) return extra('ImageOptions');
  const propagation = mount.BindOptions?.Propagation;
  if (propagation && !PROPAGATIONS.has(propagation)) return `invalid propagation mode: ${propagation}`;
  if (!posix.isAbsolute(mount.Source)) return notAbsolute(mount.Source);
  if (exists && !mount.BindOptions?.CreateMountpoint && !exists(mount.Source)) {
    return `bind source path does not exist: ${mount.Source}`;
  }
  return undefined;
}

function volumeFault(mount: Mount): string | undefined {
  if (mount.BindOptions) return extra('BindOptions');
  if (mount.ImageOptions) return extra('ImageOptions');
  const subpath = mount.VolumeOptions?.Subpath;
  if (!mount.Source && subpath) return 'must not set Subpath when using anonymous volumes';
  if (!mount.Source && mount.ReadOnly) return 'must not set ReadOnly mode when using anonymous volumes';
  return subpathFault(subpath);
}

function imageFault({ Source, ImageOptions }: Mount): string | undefined {
  return Source ? subpathFault(ImageOptions?.Subpath) : 'field Source must not be empty';
}

function subpathFault(subpath: string | undefined): string | undefined {
  return subpath && !isLocal(subpath) ? 'subpath must be a relative path within the volume' : undefined;
}

function tmpfsFault(mount: Mount): string | undefined {
  if (mount.BindOptions) return extra('BindOptions');
  if (mount.VolumeOptions) return extra('VolumeOptions');
  if (mount.ImageOptions) return extra('ImageOptions');
  if (mount.Source) return 'field Source must not be specified';
  for (const option of mount.TmpfsOptions?.Options ?? []) {
    if (!option || option.length < 1 || option.length > 2) return 'invalid option array length';
    if (!['exec', 'noexec'].includes(option[0]!)) return `invalid option: ${option[0]}`;
  }
  return undefined;
}

/** Whether a relative path stays below the folder it starts from. */
function isLocal(path: string): boolean {
  if (posix.isAbsolute(path)) return false;
  const clean = posix.normalize(path);
  return clean !== '..' && !clean.startsWith('../');
}

/** Options of another type than the mount's, as the API refuses them since 1.42. */
export function assertOptionsFit(mount: Mount): void {
  const owners = {
    BindOptions: 'bind',
    VolumeOptions: 'volume',
    TmpfsOptions: 'tmpfs',
    ImageOptions: 'image',
  } as const;
  for (const [field, type] of Object.entries(owners)) {
    if (mount[field as keyof typeof owners] && mount.Type !== type) {
      throw invalid(`${field} must not be specified on mount type "${mount.Type ?? ''}"`);
    }
  }
}

export function notAbsolute(path: string): string {
  return `invalid mount path: '${path}' mount path must be absolute`;
}

function extra(field: string): string {
  return `field ${field} must not be specified`;
}

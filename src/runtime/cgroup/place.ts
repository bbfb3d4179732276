import { posix } from 'node:path';
import { invalid } from '#errdefs';
import type { CgroupLayout } from '#sys';

export type CgroupDriver = 'cgroupfs' | 'systemd';

/** The driver Docker would choose: systemd on v2 hosts that run it, unless `exec-opts` says otherwise. */
export function cgroupDriver(layout: CgroupLayout, configured: string): CgroupDriver {
  if (configured === 'systemd' || configured === 'cgroupfs') return configured;
  return layout.version === 2 && layout.systemd ? 'systemd' : 'cgroupfs';
}

export interface CgroupName {
  readonly id: string;
  /** '' or `-<mark>`. */
  readonly suffix: string;
  /** `--cgroup-parent` or the daemon's; '' is the engine's own. */
  readonly parent: string;
}

/** The path below a hierarchy's root. Under a foreign parent the name carries the mark, so that a sweep can tell. */
export function cgroupPath({ id, suffix, parent }: CgroupName, driver: CgroupDriver): string {
  if (driver === 'systemd') {
    const slice = parent || 'system.slice';
    if (!/^.+\.slice$/.test(slice) || slice.includes('/')) throw invalidSlice();
    return posix.join('/', ...slicePath(slice), `gantry${suffix}-${id}.scope`);
  }
  const own = `/gantry${suffix}`;
  const clean = posix.normalize(`/${parent || own}`);
  return clean === own ? `${own}/${id}` : posix.join(clean, `gantry${suffix}-${id}`);
}

/** Value for `linux.cgroupsPath`: a path, or `slice:prefix:name` for the systemd driver. */
export function cgroupsPathValue(name: CgroupName, driver: CgroupDriver): string {
  if (driver === 'cgroupfs') return cgroupPath(name, driver);
  return `${name.parent || 'system.slice'}:gantry${name.suffix}:${name.id}`;
}

/** Docker's check of `--cgroup-parent`, for the systemd driver. */
export function validateCgroupParent(parent: string, driver: CgroupDriver): void {
  if (driver === 'systemd' && parent !== '' && (parent.length <= 6 || !parent.endsWith('.slice'))) throw invalidSlice();
}

const invalidSlice = () => invalid('cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"');

/** `a-b.slice` lies in `a.slice/a-b.slice` (systemd.slice(5)). */
function slicePath(slice: string): string[] {
  const parts = slice.slice(0, -'.slice'.length).split('-');
  return parts.map((_, count) => `${parts.slice(0, count + 1).join('-')}.slice`);
}

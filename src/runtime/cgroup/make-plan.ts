import { posix } from 'node:path';
import type { OciResources } from '#oci';
import type { CgroupLayout } from '#sys';
import type { CgroupDriver, CgroupName } from './place.ts';
import { cgroupPath, cgroupsPathValue } from './place.ts';
import type { CgroupDirectory, CgroupPlan, CgroupStep } from './plan.ts';
import { renderV1 } from './render-v1.ts';
import { renderV2 } from './render-v2.ts';

export interface PlanRequest {
  readonly name: CgroupName;
  readonly layout: CgroupLayout;
  readonly driver: CgroupDriver;
  /** Whether the runtime can run with its cgroup manager disabled (crun). */
  readonly disablesCgroups: boolean;
  readonly resources: OciResources;
}

/** Plans a container's cgroup. On v1 the parents must exist: see `ensureParents`. */
export function planCgroup({ name, layout, driver, disablesCgroups, resources }: PlanRequest): CgroupPlan {
  const path = cgroupPath(name, driver);
  const cgroupsPath = cgroupsPathValue(name, driver);
  const directories = containerDirectories(layout, path);
  const oomFile = oomFileOf(layout, directories);
  if (layout.version === 2 || driver === 'systemd' || !disablesCgroups) {
    return { version: layout.version, manager: driver, cgroupsPath, directories, setup: [], join: [], oomFile };
  }
  const setup: CgroupStep[] = directories.map(({ path }) => ({ op: 'mkdir', path }));
  return {
    version: 1,
    manager: 'disabled',
    cgroupsPath,
    directories,
    setup: [...setup, ...updateSteps(directories, resources)],
    join: directories.map((directory) => `${directory.path}/tasks`),
    oomFile,
  };
}

/** The writes that set the limits of a fresh v1 cgroup, or change those of one that exists (`update`). */
export function updateSteps(
  directories: readonly CgroupDirectory[],
  resources: OciResources,
  { update = false } = {},
): CgroupStep[] {
  const isUnified = directories[0]?.controller === 'unified';
  return (isUnified ? renderV2(resources) : renderV1(resources, { update })).flatMap(
    ({ controller, file, data, optional }) => {
      const directory = directories.find(({ controller: names }) => names.split(',').includes(controller));
      // A controller that the host does not have: validation has warned and the limit is discarded, as Docker does.
      if (!directory) return [];
      return [{ op: 'write' as const, path: `${directory.path}/${file}`, data, ...(optional ? { optional } : {}) }];
    },
  );
}

function containerDirectories(layout: CgroupLayout, path: string): CgroupDirectory[] {
  if (layout.version === 2) return [{ controller: 'unified', path: posix.join(layout.unified, path) }];
  return layout.hierarchies.map(({ name, mountpoint }) => ({ controller: name, path: posix.join(mountpoint, path) }));
}

function oomFileOf({ version, controllers }: CgroupLayout, directories: readonly CgroupDirectory[]): string {
  if (!controllers.includes('memory')) return '';
  if (version === 2) return `${directories[0]?.path}/memory.events`;
  const memory = directories.find(({ controller }) => controller.split(',').includes('memory'));
  return memory ? `${memory.path}/memory.oom_control` : '';
}

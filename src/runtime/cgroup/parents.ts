import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { failpoint } from '#sys';
import type { CgroupPlan } from './plan.ts';

/**
 * Makes the directories above a v1 container's own, with usable cpusets. Cheap when they exist (one stat each). Where the
 * runtime makes the cgroup, there is nothing to do.
 */
export function ensureParents(plan: CgroupPlan): void {
  if (plan.manager !== 'disabled') return;
  for (const { controller, path } of plan.directories) {
    const parent = dirname(path);
    if (existsSync(parent)) {
      if (isCpuset(controller) && readFileSync(`${parent}/cgroup.clone_children`, 'utf8').trim() === '0') fill(parent);
    } else {
      mkdirSync(parent, { recursive: true });
      failpoint('runtime.cgroup.parent-made');
      if (isCpuset(controller)) fillFromRoot(parent);
    }
  }
}

const isCpuset = (controller: string) => controller.split(',').includes('cpuset');

/** A v1 cpuset that is born empty takes no process (ENOSPC): fill each level from the one above, outermost first. */
function fillFromRoot(directory: string): void {
  const levels: string[] = [];
  for (let level = directory; existsSync(`${dirname(level)}/cpuset.cpus`); level = dirname(level))
    levels.unshift(level);
  for (const level of levels) fill(level);
}

function fill(directory: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (readFileSync(`${directory}/${file}`, 'utf8').trim() !== '') continue;
    writeFileSync(`${directory}/${file}`, readFileSync(`${dirname(directory)}/${file}`));
  }
  // Children then start with their parent's sets.
  writeFileSync(`${directory}/cgroup.clone_children`, '1');
  failpoint('runtime.cgroup.parent-inherits');
}

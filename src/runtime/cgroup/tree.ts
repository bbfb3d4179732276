import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '#sys';
import type { CgroupPlan } from './plan.ts';

/** What operations on a live cgroup need of its plan; also what is kept of it across a daemon restart. */
export type CgroupPlace = Pick<CgroupPlan, 'version' | 'directories' | 'oomFile'>;

/** The directory and all below it, deepest first; empty when it is gone. */
export function descendants(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
  return [...names.flatMap((name) => descendants(join(directory, name))), directory];
}

/** The hierarchy where processes are listed and stopped: v1's freezer (else the first one), v2's only one. */
export function processDirectory({ directories }: CgroupPlace): string {
  const freezer = directories.find(({ controller }) => controller.split(',').includes('freezer'));
  return (freezer ?? directories[0])?.path ?? '';
}

/** Pids in the cgroup and below, ascending; empty when it is gone. A zombie is not among them. */
export function listPids(place: CgroupPlace): number[] {
  const pids = descendants(processDirectory(place)).flatMap((directory) =>
    (readOrAbsent(`${directory}/cgroup.procs`) ?? '').split('\n').filter((line) => line !== ''),
  );
  return [...new Set(pids.map(Number))].sort((a, b) => a - b);
}

/** How often the kernel has killed in this cgroup for want of memory. */
export function oomKills({ oomFile }: CgroupPlace): number {
  const text = oomFile === '' ? undefined : readOrAbsent(oomFile);
  return Number(/^oom_kill (\d+)$/m.exec(text ?? '')?.[1] ?? 0);
}

/** A file's text; undefined when it, or its cgroup, is gone. */
export function readOrAbsent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}

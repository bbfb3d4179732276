/**
 * Where a container's cgroup is, who makes it, and what must be written: everything as data, computed before the start.
 *
 * Two ways to run a plan:
 * - `manager: 'disabled'` (crun on v1): whoever holds the stub executes `setup` in order, then the stub moves itself by
 *   writing `0` to every file of `join` (single-threaded, so v1's `tasks` files do it in 0.07 ms each), then becomes
 *   `crun --cgroup-manager=disabled`. An exec joins the same files before it becomes `crun exec`.
 * - `manager: 'cgroupfs' | 'systemd'` (v2, and runtimes without a disabled manager): `setup` and `join` are empty, the
 *   runtime makes the cgroup from `cgroupsPath` and the spec's `linux.resources`. crun takes `--cgroup-manager=<manager>`,
 *   runc `--systemd-cgroup` for systemd.
 */
export interface CgroupPlan {
  readonly version: 1 | 2;
  readonly manager: 'disabled' | 'cgroupfs' | 'systemd';
  /** Value for the spec's `linux.cgroupsPath`; with the manager disabled it is only informative. */
  readonly cgroupsPath: string;
  /** The container's own directories, absolute: one per v1 hierarchy, or the one of v2 with controller `unified`. */
  readonly directories: readonly CgroupDirectory[];
  /** Executed in order, before the join. A failure of a step that is not `optional` is the start's error. */
  readonly setup: readonly CgroupStep[];
  /** Absolute files that the stub (and each exec) writes `0` to; empty when the runtime does it. */
  readonly join: readonly string[];
  /**
   * A file with a line `oom_kill <count>` (v1 `memory.oom_control`, v2 `memory.events`); '' without a memory controller.
   * The count at the exit, before the cgroup is removed, says whether the kernel killed for memory.
   */
  readonly oomFile: string;
}

/** What the runtime's door calls a plan in its requests. */
export type CgroupRequest = CgroupPlan;

export interface CgroupDirectory {
  /** v1: the hierarchy's controllers as in /proc/self/cgroup (`cpu,cpuacct`, `name=systemd`); v2: `unified`. */
  readonly controller: string;
  readonly path: string;
}

/**
 * One effect on the cgroup file system. `mkdir`: one directory, mode 0755, EEXIST is success. `write`: one write(2) of
 * `data` to the existing file, as it is. `optional`: any failure is passed over (a file this kernel does not have).
 */
export type CgroupStep =
  | { readonly op: 'mkdir'; readonly path: string }
  | { readonly op: 'write'; readonly path: string; readonly data: string; readonly optional?: boolean };

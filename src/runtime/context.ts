import { internal, notFound } from '#errdefs';
import type { Log } from '#log';
import type { OciRuntime } from './command.ts';
import type { Spawner } from './monitor/spawner.ts';
import type { Listeners, Run } from './run.ts';
import { isRuncShim, isShimName, missingShim } from './shim-name.ts';

/** What the verbs of this module share. */
export interface RuntimeContext {
  readonly execRoot: string;
  readonly spawner: Spawner;
  /** What monitors run from, where it is a copy. */
  readonly copy?: string;
  /** Both may be exchanged while containers run: a container keeps the name that it was created with. */
  runtimes: ReadonlyMap<string, OciRuntime>;
  defaultRuntime: string;
  readonly runs: Map<string, Run>;
  readonly listeners: Listeners;
  readonly log: Log;
}

/** The monitor's directory of a container, which is its bundle too. */
export function runDirectory(execRoot: string, id: string): string {
  return `${execRoot}/monitors/${id}`;
}

/** Where the stub and the runtime see the container's root file system; nothing is there for anybody else. */
export function rootfsPath(execRoot: string, id: string): string {
  return `${runDirectory(execRoot, id)}/rootfs`;
}

/** Where the shared memory of a container is mounted that lets others in (`--ipc shareable`). */
export function shmPath(execRoot: string, id: string): string {
  return `${runDirectory(execRoot, id)}/shm`;
}

/** Where a container's runtime finds the user namespace that it joins. */
export function usersPath(execRoot: string, id: string): string {
  return `${runDirectory(execRoot, id)}/users`;
}

/** Where the n-th mount of a container appears that only its runtime sees. */
export function placePath(execRoot: string, id: string, n: number): string {
  return `${runDirectory(execRoot, id)}/mount-${n}`;
}

/** The runtime of that name; '' and containerd's name of runc are the default. */
export function findRuntime({ runtimes, defaultRuntime }: RuntimeContext, name: string): OciRuntime {
  const standsForDefault = name === '' || isRuncShim(name);
  const runtime = runtimes.get(standsForDefault ? defaultRuntime : name);
  if (!runtime && isShimName(name)) throw internal(`failed to create task for container: ${missingShim(name)}`);
  if (!runtime) throw notFound(`unknown or invalid runtime name: ${name || defaultRuntime}`);
  return runtime;
}

/** The life of a container that has one; every verb but prepare needs it. */
export function findRun({ runs }: RuntimeContext, id: string): Run {
  const run = runs.get(id);
  if (!run) throw notFound(`container ${id} is not running`);
  return run;
}

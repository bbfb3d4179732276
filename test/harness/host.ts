import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDaemon } from './daemon.ts';

/** What of one engine is on the host, found without asking the engine: ids of containers, or names. */
export interface HostState {
  readonly containerFolders: readonly string[];
  readonly monitorFolders: readonly string[];
  /** Ids of containers that have a monitor process. */
  readonly monitors: readonly string[];
  readonly cgroups: readonly string[];
  readonly links: readonly string[];
  readonly mounts: readonly string[];
}

/** The engine's mark in kernel names. */
export function markOf(daemon: TestDaemon): string {
  return createHash('sha256').update(realpathSync(daemon.dataRoot)).digest('hex').slice(0, 6);
}

/** Reads the host's own tables. */
export function observeHost(daemon: TestDaemon): HostState {
  const mark = markOf(daemon);
  return {
    containerFolders: ids(join(daemon.dataRoot, 'containers')),
    monitorFolders: ids(join(daemon.execRoot, 'monitors')),
    monitors: monitorsOf(daemon),
    cgroups: [
      ...new Set(
        globSync(`/sys/fs/cgroup/{,*/}gantry-${mark}/*/`)
          .map((path) => path.split('/').at(-1)!)
          .filter(isId),
      ),
    ],
    links: readdirSync('/sys/class/net').filter((name) => name.startsWith(`gv${mark}`)),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(daemon.folder)),
  };
}

const isId = (name: string) => /^[0-9a-f]{64}$/.test(name);

function ids(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(isId) : [];
}

/** Monitors keep their own folder as their working directory or name it in their command line. */
function monitorsOf(daemon: TestDaemon): string[] {
  const found = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const id = monitorId(`/proc/${pid}`, daemon.execRoot);
    if (id) found.add(id);
  }
  return [...found];
}

function monitorId(process: string, execRoot: string): string | undefined {
  const monitors = join(execRoot, 'monitors/');
  try {
    const told = `${realpathSync(`${process}/cwd`)}\n${readFileSync(`${process}/cmdline`, 'latin1')}`;
    const at = told.indexOf(monitors);
    return at < 0 ? undefined : told.slice(at + monitors.length, at + monitors.length + 64);
  } catch {
    return undefined; // It ended while we looked.
  }
}

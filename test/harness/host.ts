import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDaemon } from './daemon.ts';
import { publishedElements } from './firewall.ts';
import { findProcesses } from './processes.ts';

/** What of one engine is on the host, found without asking the engine: ids of containers, or names. */
export interface HostState {
  readonly containerFolders: readonly string[];
  readonly snapshotFolders: readonly string[];
  readonly volumeFolders: readonly string[];
  readonly monitorFolders: readonly string[];
  /** Containers that the runtime has state of. */
  readonly runtimeStates: readonly string[];
  /** Ids of containers that have a monitor process. */
  readonly monitors: readonly string[];
  /** Processes of ours that belong to nobody. */
  readonly strays: readonly string[];
  readonly cgroups: readonly string[];
  readonly links: readonly string[];
  /** `protocol hostPort` of the elements of our firewall's maps. */
  readonly published: readonly string[];
  readonly mounts: readonly string[];
  /** Unpacked layers, and blobs of the content store. */
  readonly layers: readonly string[];
  readonly blobs: readonly string[];
  /** What should be empty when nothing is under way. */
  readonly leftovers: readonly string[];
}

/** The engine's mark in kernel names. */
export function markOf(daemon: TestDaemon): string {
  return createHash('sha256').update(realpathSync(daemon.dataRoot)).digest('hex').slice(0, 6);
}

/** Reads the host's own tables. */
export function observeHost(daemon: TestDaemon): HostState {
  const mark = markOf(daemon);
  const { dataRoot, execRoot } = daemon;
  const cgroups = globSync(`/sys/fs/cgroup/{,*/}gantry-${mark}/*/`).map((path) => path.split('/').at(-1)!);
  return {
    containerFolders: names(join(dataRoot, 'containers')),
    snapshotFolders: [...new Set(['c', 'd'].flatMap((kind) => names(join(dataRoot, 'snapshots', kind))))],
    volumeFolders: names(join(dataRoot, 'volumes')).filter((name) => !name.startsWith('.')),
    monitorFolders: names(join(execRoot, 'monitors')),
    runtimeStates: names(join(execRoot, 'crun')),
    ...findProcesses(daemon),
    cgroups: [...new Set(cgroups)],
    links: names('/sys/class/net').filter((name) => name.startsWith(`gv${mark}`) || name.startsWith(`gb${mark}`)),
    published: publishedElements(mark),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`${daemon.folder}/`) && !line.includes(` ${dataRoot} `)),
    layers: names(join(dataRoot, 'snapshots/l')),
    blobs: names(join(dataRoot, 'content/blobs/sha256')),
    leftovers: [
      ...['content/ingest', 'content/trash', 'snapshots/.ingest', 'snapshots/.trash', 'volumes/.trash'].flatMap(
        (folder) => names(join(dataRoot, folder)).map((name) => `${folder}/${name}`),
      ),
      ...globSync('monitors/*/exec-*', { cwd: execRoot }),
    ],
  };
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

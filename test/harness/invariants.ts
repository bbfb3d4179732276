import { existsSync } from 'node:fs';
import type { Listed } from './api.ts';
import { api, listAll } from './api.ts';
import type { TestDaemon } from './daemon.ts';
import type { HostState } from './host.ts';
import { observeHost } from './host.ts';
import type { Rows } from './rows.ts';
import { readRows } from './rows.ts';

const LEGAL = new Set(['created', 'running', 'paused', 'restarting', 'exited', 'dead']);

/** What a client was told before the crash. */
export interface Acknowledged {
  readonly id: string;
  /** It has one of these: two while a rename is not answered. */
  readonly names: readonly string[];
  /** It ran and must still run. */
  readonly isRunning?: boolean;
  /** The pid of its workload, where that is known. */
  readonly pid?: number;
  /** It fails and its policy brings it back, for ever: every start of the daemon has work with it. */
  readonly isRestless?: boolean;
}

/**
 * Everything that is wrong now: acknowledged containers that are lost, names that are ghosts, workloads that died,
 * things on the host without an owner. Empty when all is well.
 */
export async function violations(daemon: TestDaemon, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const listed = await listAll(daemon.socket);
  const [host, rows] = [observeHost(daemon), readRows(daemon)];
  return [
    ...lost(listed, acknowledged),
    ...(await workloads(daemon, acknowledged)),
    ...statuses(listed),
    ...leaks(listed, host, rows),
    ...missing(listed, host, rows),
  ];
}

/** Waits until nothing is wrong, at most `ms`, and returns what still is. */
export async function settled(daemon: TestDaemon, acknowledged: readonly Acknowledged[], ms = 5000): Promise<string[]> {
  const last = Date.now() + ms;
  for (;;) {
    const found = await violations(daemon, acknowledged);
    if (found.length === 0 || Date.now() > last) return found;
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

function lost(listed: readonly Listed[], acknowledged: readonly Acknowledged[]): string[] {
  return acknowledged.flatMap(({ id, names }) => {
    const found = listed.find((container) => container.Id === id);
    if (!found) return [`acknowledged container ${names[0]} (${id.slice(0, 12)}) is lost`];
    return names.some((name) => found.Names.includes(`/${name}`))
      ? []
      : [`container ${id.slice(0, 12)} lost its name ${names.join(' or ')}: ${found.Names.join()}`];
  });
}

async function workloads(daemon: TestDaemon, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const found: string[] = [];
  for (const { id, names, isRunning, pid } of acknowledged) {
    if (!isRunning) continue;
    const { body } = await api(daemon.socket, 'GET', `/v1.50/containers/${id}/json`);
    const state = (body as { State?: { Running: boolean; Pid: number } }).State;
    if (!state?.Running || (pid !== undefined && state.Pid !== pid) || !existsSync(`/proc/${state.Pid}`))
      found.push(`workload of ${names[0]} ran as pid ${pid}, now ${JSON.stringify(state)}`);
  }
  return found;
}

function statuses(listed: readonly Listed[]): string[] {
  const illegal = listed.filter(({ State }) => !LEGAL.has(State));
  return illegal.map(({ Id, State }) => `container ${Id.slice(0, 12)} has the status ${State}`);
}

function leaks(listed: readonly Listed[], host: HostState, rows: Rows): string[] {
  const known = new Set(listed.map(({ Id }) => Id));
  const running = new Set(listed.filter(({ State }) => State === 'running' || State === 'paused').map(({ Id }) => Id));
  const without = (what: string, found: readonly string[], owners: ReadonlySet<string>) =>
    found.filter((id) => !owners.has(id)).map((id) => `${what} ${id.slice(0, 12)} has no owner`);
  return [
    ...without('folder of container', host.containerFolders, known),
    ...without('snapshot of container', host.snapshotFolders, known),
    ...without('folder of volume', host.volumeFolders, new Set(rows.volumes)),
    ...without('monitor folder', host.monitorFolders, running),
    ...without('monitor of container', host.monitors, running),
    ...without('state of runtime for', host.runtimeStates, running),
    ...without('cgroup', host.cgroups, running),
    ...without('link', host.links, new Set(rows.links)),
    ...without('firewall element', host.published, new Set(rows.published)),
    ...without('unlisted container', rows.containers, known),
    ...without('sandbox of', rows.sandboxes, running),
    ...without('address of', rows.endpoints, running),
    ...without('port of', rows.ports, running),
    ...without('attachment of', rows.attachments, known),
    ...rows.operations.map((operation) => `operation under way: ${operation}`),
    ...host.strays.map((process) => `process without owner: ${process}`),
    ...host.mounts
      .filter((line) => !isOwned(line, { known, running, volumes: rows.mountedVolumes }))
      .map((line) => `mount left on the host: ${line}`),
    ...host.leftovers.map((path) => `left over: ${path}`),
  ];
}

interface Owners {
  readonly known: ReadonlySet<string>;
  readonly running: ReadonlySet<string>;
  readonly volumes: readonly string[];
}

/** Whether a mount is the shared memory of a running container, a volume that one uses, or all that a container may write. */
function isOwned(mount: string, { known, running, volumes }: Owners): boolean {
  const limited = /\/snapshots\/c\/([0-9a-f]{64}) /.exec(mount)?.[1];
  if (limited !== undefined) return known.has(limited);
  const owner = /\/monitors\/([0-9a-f]{64})\/shm /.exec(mount)?.[1];
  if (owner !== undefined) return running.has(owner);
  const volume = /\/volumes\/([^/ ]+)\/_data /.exec(mount)?.[1];
  return volume !== undefined && volumes.includes(volume);
}

/** What has to be there and is not. */
function missing(listed: readonly Listed[], host: HostState, rows: Rows): string[] {
  const known = listed.map(({ Id }) => Id);
  const running = listed.filter(({ State }) => State === 'running' || State === 'paused').map(({ Id }) => Id);
  const lacks = (what: string, wanted: readonly string[], found: readonly string[]) =>
    wanted.filter((name) => !found.includes(name)).map((name) => `${name.slice(0, 12)} has no ${what}`);
  return [
    ...lacks('monitor', running, host.monitors),
    ...lacks('snapshot', known, host.snapshotFolders),
    ...lacks('cgroup', running, host.cgroups),
    ...lacks('link', rows.links, host.links),
    ...lacks('element in the firewall', rows.published, host.published),
    ...lacks('folder of a volume', rows.volumes, host.volumeFolders),
    ...lacks('row of a volume', rows.usedVolumes, rows.volumes),
    ...(host.layers.length === rows.layers ? [] : [`${host.layers.length} unpacked layers, ${rows.layers} on record`]),
  ];
}

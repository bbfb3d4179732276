import type { Listed } from './api.ts';
import { api, listAll } from './api.ts';
import type { TestDaemon } from './daemon.ts';
import type { HostState } from './host.ts';
import { observeHost } from './host.ts';

const LEGAL = new Set(['created', 'running', 'paused', 'restarting', 'exited', 'dead']);

/** What a client was told before the crash. */
export interface Acknowledged {
  readonly id: string;
  readonly name: string;
  /** The pid of a workload that ran and must still run. */
  readonly pid?: number;
}

/**
 * Everything that is wrong now: acknowledged containers that are lost, names that are ghosts, workloads that died,
 * things on the host without an owner. Empty when all is well.
 */
export async function violations(daemon: TestDaemon, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const listed = await listAll(daemon.socket);
  return [
    ...lost(listed, acknowledged),
    ...(await workloads(daemon, acknowledged)),
    ...statuses(listed),
    ...leaks(listed, observeHost(daemon)),
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
  return acknowledged.flatMap(({ id, name }) => {
    const found = listed.find((container) => container.Id === id);
    if (!found) return [`acknowledged container ${name} (${id.slice(0, 12)}) is lost`];
    return found.Names.includes(`/${name}`)
      ? []
      : [`container ${id.slice(0, 12)} lost its name ${name}: ${found.Names.join()}`];
  });
}

async function workloads(daemon: TestDaemon, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const found: string[] = [];
  for (const { id, name, pid } of acknowledged) {
    if (pid === undefined) continue;
    const { body } = await api(daemon.socket, 'GET', `/v1.50/containers/${id}/json`);
    const state = (body as { State?: { Running: boolean; Pid: number } }).State;
    if (!state?.Running || state.Pid !== pid)
      found.push(`workload of ${name} had pid ${pid}, now ${JSON.stringify(state)}`);
  }
  return found;
}

function statuses(listed: readonly Listed[]): string[] {
  const illegal = listed.filter(({ State }) => !LEGAL.has(State));
  return illegal.map(({ Id, State }) => `container ${Id.slice(0, 12)} has the status ${State}`);
}

function leaks(listed: readonly Listed[], host: HostState): string[] {
  const known = new Set(listed.map(({ Id }) => Id));
  const running = new Set(listed.filter(({ State }) => State === 'running' || State === 'paused').map(({ Id }) => Id));
  const without = (what: string, found: readonly string[], owners: ReadonlySet<string>) =>
    found.filter((id) => !owners.has(id)).map((id) => `${what} of ${id.slice(0, 12)} has no owner`);
  const links =
    host.links.length > running.size ? [`${host.links.length} links for ${running.size} running containers`] : [];
  return [
    ...without('folder', host.containerFolders, known),
    ...without('monitor folder', host.monitorFolders, running),
    ...without('monitor', host.monitors, running),
    ...without('cgroup', host.cgroups, running),
    ...links,
    ...host.mounts.map((line) => `mount left on the host: ${line}`),
    ...[...running]
      .filter((id) => !host.monitors.includes(id))
      .map((id) => `running container ${id.slice(0, 12)} has no monitor`),
  ];
}

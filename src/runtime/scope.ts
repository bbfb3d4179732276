import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const BUSCTL_MS = 5_000;

/**
 * Puts the spawner into `gantry-monitors<suffix>.scope`, where its forks are born too: outside the daemon's unit, so that
 * stopping that hurts no monitor, and ended after the containers at shutdown. Nothing to do without systemd.
 */
export async function placeInScope(pid: number, suffix: string): Promise<void> {
  if (!existsSync('/run/systemd/system')) return;
  const scope = `gantry-monitors${suffix}.scope`;
  const existing = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd']
    .map((root) => `${root}/system.slice/${scope}/cgroup.procs`)
    .find((path) => existsSync(path));
  // Monitors of an earlier daemon keep the scope alive: join them.
  if (existing) writeFileSync(existing, String(pid));
  else await startScope(scope, pid);
}

async function startScope(scope: string, pid: number): Promise<void> {
  const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];
  const properties = [
    '3',
    'PIDs',
    'au',
    '1',
    String(pid),
    'DefaultDependencies',
    'b',
    'false',
    'Slice',
    's',
    'system.slice',
  ];
  const call = ['StartTransientUnit', 'ssa(sv)a(sa(sv))', scope, 'fail', ...properties, '0'];
  await promisify(execFile)('busctl', ['call', ...manager, ...call], { timeout: BUSCTL_MS });
}

import { readdirSync, readFileSync } from 'node:fs';
import type { TestDaemon } from './daemon.ts';
import { OWNER } from './daemon.ts';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** The container whose monitor it is. */
  readonly monitorOf: string | undefined;
}

export interface Processes {
  /** Ids of containers that have a monitor. */
  readonly monitors: readonly string[];
  /** Processes of the engine that belong neither to its daemon nor to a monitor. */
  readonly strays: readonly string[];
}

/**
 * The processes of one engine. All inherit the environment of their daemon or name its folder; a workload has neither,
 * but is a child of a monitor.
 */
export function findProcesses(daemon: TestDaemon): Processes {
  const all = lookAll(daemon);
  const ours = new Map(all.map((process) => [process.pid, process]));
  const monitors = all.flatMap(({ monitorOf }) => (monitorOf ? [monitorOf] : []));
  const strays = all.filter((process) => !isOwned(process, ours, daemon.isRunning() ? daemon.pid() : undefined));
  return { monitors, strays: strays.map(({ pid, command }) => `${pid} ${command.slice(0, 160)}`) };
}

/** The pids of a container's monitor and, before its start, of its stub. */
export function monitorsOf(daemon: TestDaemon, id: string): number[] {
  return lookAll(daemon).flatMap(({ pid, monitorOf }) => (monitorOf === id ? [pid] : []));
}

function lookAll(daemon: TestDaemon): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => look(Number(name), daemon));
}

function isOwned(process: Process, ours: ReadonlyMap<number, Process>, daemon: number | undefined): boolean {
  for (let at: Process | undefined = process; at; at = ours.get(at.parent)) {
    if (at.pid === daemon || at.monitorOf) return true;
  }
  return false;
}

function look(pid: number, { folder, execRoot }: TestDaemon): Process[] {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    const isOurs =
      command.includes(folder) || readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${OWNER}=${folder}\0`);
    if (!isOurs || pid === process.pid) return [];
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const parent = Number(/^PPid:\t(\d+)/m.exec(status)?.[1]);
    if (/^State:\tZ/m.test(status)) return [];
    const monitor = new RegExp(`--monitor ${execRoot} ([0-9a-f]{64})`).exec(command)?.[1];
    return [{ pid, parent, command, monitorOf: monitor }];
  } catch {
    return []; // It ended while we looked.
  }
}

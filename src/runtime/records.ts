import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { bootId, isErrno } from '#sys';
import type { CgroupPlace } from './cgroup/tree.ts';

/** A process with its place in time. */
export interface Started {
  readonly pid: number;
  /** Clock ticks since boot; 0 when it had ended before it could be read. */
  readonly startTime: number;
  readonly bootId: string;
}

export interface ExitRecord {
  readonly exitCode: number;
  /** Absent: it exited by itself. */
  readonly signal?: number;
  readonly oomKilled: boolean;
  /** RFC 3339 with nanoseconds. */
  readonly finishedAt: string;
  readonly startedAt: string;
}

/** What a later daemon must know of a run besides the monitor's own records: the daemon's `run.json`. */
export interface RunRecord {
  readonly runtime: string;
  readonly cgroup: CgroupPlace & {
    readonly join: readonly string[];
    readonly manager: 'disabled' | 'cgroupfs' | 'systemd';
  };
  readonly monitor: { readonly pid: number; readonly startTime: number };
  readonly bootId: string;
  /** Shared memory is mounted in its directory, for others to bind. */
  readonly hasShm?: boolean;
}

interface OnDisk {
  readonly bootId: string;
}

/** The monitor's `exit.json` of this boot; undefined when there is none. */
export function readExit(directory: string): ExitRecord | undefined {
  const record = read<ExitRecord & OnDisk>(`${directory}/exit.json`);
  if (!record) return undefined;
  const { exitCode, signal, oomKilled, startedAt, finishedAt } = record;
  return { exitCode, ...(signal ? { signal } : {}), oomKilled, startedAt, finishedAt };
}

/** The monitor's `started.json` of this boot. */
export function readStarted(directory: string): (Started & { startedAt: string }) | undefined {
  return read(`${directory}/started.json`);
}

export function readRun(directory: string): RunRecord | undefined {
  return read(`${directory}/run.json`);
}

/** The record before there is a monitor (its pid is 0). One that is cut off counts as none: nothing was spawned yet. */
export function beginRun(directory: string, record: RunRecord): void {
  writeFileSync(`${directory}/run.json`, JSON.stringify(record), { mode: 0o600 });
}

/** Without fsync: it must survive the daemon, not a power cut. */
export function writeRun(directory: string, record: RunRecord): void {
  writeFileSync(`${directory}/run.json.tmp`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${directory}/run.json.tmp`, `${directory}/run.json`);
}

function read<T extends OnDisk>(path: string): T | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as T;
    return record.bootId === bootId() ? record : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

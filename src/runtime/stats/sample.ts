import type { BlkioEntry, CpuStats, MemoryStats, NetworkStats } from '#api';
import type { CgroupDirectory } from '../cgroup/plan.ts';

/** Where the counters of a container are found. */
export interface SampleSource {
  readonly version: 1 | 2;
  readonly directories: readonly CgroupDirectory[];
  /** A process in its network namespace; undefined: its network is not its own. */
  readonly networkOf: number | undefined;
}

/** The counters of a container at one moment. */
export interface Sample {
  readonly cpu: CpuStats;
  /** The limit may be the kernel's largest number: nobody set one. */
  readonly memory: MemoryStats;
  readonly pids: { readonly current: number; readonly limit: number | 'max' };
  /** Bytes and operations; null: this kernel does not count them. */
  readonly blkio: { readonly bytes: BlkioEntry[] | null; readonly operations: BlkioEntry[] | null };
  readonly networks: Readonly<Record<string, NetworkStats>>;
}

/** A file's text; '' when there is none. */
export type Read = (path: string) => string;

/** `key value` lines. */
export function pairs(text: string): Map<string, number> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [key = '', value] = line.split(' ');
      return value === undefined ? [] : [[key, Number(value)] as const];
    }),
  );
}

/** What of the whole host belongs to the CPU figures: ns of all processors since boot, and how many there are. */
export function hostCpu(stat: string): { system: number; online: number } {
  // user nice system idle iowait irq softirq; steal and guest are no time of this host.
  const [, ...ticks] = stat.slice(0, stat.indexOf('\n')).split(/\s+/);
  const sum = ticks.slice(0, 7).reduce((total, each) => total + Number(each), 0);
  return { system: sum * NS_PER_TICK, online: stat.match(/^cpu\d/gm)?.length ?? 0 };
}

/** USER_HZ is 100 on every architecture. */
export const NS_PER_TICK = 10_000_000;

const INTERFACE = /^eth\d+$/;

/** The text of /proc/<pid>/net/dev: the interfaces that the engine gave. */
export function parseInterfaces(text: string): Record<string, NetworkStats> {
  const lines = text.split('\n').map((line) => line.trim().split(/[:\s]+/));
  return Object.fromEntries(
    lines
      .filter(([name = '']) => INTERFACE.test(name))
      .map(([name, ...columns]) => [name!, counters(columns.map(Number))]),
  );
}

function counters(columns: readonly number[]): NetworkStats {
  const at = (index: number) => columns[index] ?? 0;
  return {
    rx_bytes: at(0),
    rx_packets: at(1),
    rx_errors: at(2),
    rx_dropped: at(3),
    tx_bytes: at(8),
    tx_packets: at(9),
    tx_errors: at(10),
    tx_dropped: at(11),
  };
}

import type { ContainerStats, CpuStats, MemoryStats } from '#api';
import type { ListFormat } from '../format/list.ts';
import { bytesSize, humanSize } from '../format/size.ts';
import { shortId } from '../format/text.ts';

/** What is known of one container; without `stats` nothing can be said of it now. */
export interface Watched {
  /** What it was asked for by. */
  readonly container: string;
  readonly stats: ContainerStats | undefined;
}

/** How statistics are listed. */
export function statsList({ trunc }: { trunc: boolean }): ListFormat<Watched> {
  const known = (say: (stats: ContainerStats) => string) => ({
    get: ({ stats }: Watched) => (stats ? say(stats) : '--'),
  });
  return {
    type: 'container.statsContext',
    columns: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
    fields: {
      Container: { header: 'CONTAINER', get: ({ container }) => container },
      Name: { header: 'NAME', get: ({ stats }) => stats?.name?.replace(/^\//, '') || '--' },
      ID: { header: 'CONTAINER ID', get: ({ stats }) => (trunc ? shortId(stats?.id ?? '') : (stats?.id ?? '')) },
      CPUPerc: { header: 'CPU %', ...known((stats) => percent(cpuPercent(stats.cpu_stats, stats.precpu_stats))) },
      MemUsage: { header: 'MEM USAGE / LIMIT', get: ({ stats }) => memoryText(stats?.memory_stats) },
      MemPerc: { header: 'MEM %', ...known((stats) => percent(memoryPercent(stats.memory_stats))) },
      NetIO: { header: 'NET I/O', ...known(networkText) },
      BlockIO: { header: 'BLOCK I/O', ...known(blockText) },
      PIDs: { header: 'PIDS', ...known(({ pids_stats }) => String(pids_stats.current ?? 0)) },
    },
  };
}

const percent = (value: number): string => `${value.toFixed(2)}%`;
const pair = (a: string, b: string): string => `${a} / ${b}`;

/** Percent of one processor, since the look before. */
export function cpuPercent(now: CpuStats, before: CpuStats): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const host = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const processors = now.online_cpus || now.cpu_usage.percpu_usage?.length || 0;
  return used > 0 && host > 0 ? (used / host) * processors * 100 : 0;
}

/** Bytes in use, without pages of files that the kernel may drop at once. */
export function memoryUsed({ usage = 0, stats }: MemoryStats): number {
  const droppable = stats?.['total_inactive_file'] ?? stats?.['inactive_file'] ?? 0;
  return droppable < usage ? usage - droppable : usage;
}

function memoryPercent(memory: MemoryStats): number {
  return memory.limit ? (memoryUsed(memory) / memory.limit) * 100 : 0;
}

function memoryText(memory: MemoryStats | undefined): string {
  if (!memory) return pair('--', '--');
  return pair(bytesSize(memoryUsed(memory)), bytesSize(memory.limit ?? 0));
}

function networkText({ networks = {} }: ContainerStats): string {
  const sum = (field: 'rx_bytes' | 'tx_bytes') => Object.values(networks).reduce((all, each) => all + each[field], 0);
  return pair(humanSize(sum('rx_bytes'), 3), humanSize(sum('tx_bytes'), 3));
}

function blockText({ blkio_stats }: ContainerStats): string {
  const entries = blkio_stats.io_service_bytes_recursive ?? [];
  const sum = (letter: string) =>
    entries.filter(({ op }) => op[0]?.toLowerCase() === letter).reduce((all, { value }) => all + value, 0);
  return pair(humanSize(sum('r'), 3), humanSize(sum('w'), 3));
}

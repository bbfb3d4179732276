import type { BlkioEntry, CpuStats, MemoryStats } from '#api';
import type { CgroupDirectory } from '../cgroup/plan.ts';
import type { Read, Sample } from './sample.ts';
import { NS_PER_TICK, pairs } from './sample.ts';

/** What Docker takes over of v1's memory.stat; the hierarchy's own lines, then the same with `total_`. */
const COUNTERS = (
  'cache rss rss_huge mapped_file dirty writeback pgpgin pgpgout pgfault pgmajfault inactive_anon active_anon ' +
  'inactive_file active_file unevictable'
).split(' ');
const MEMORY = new Set([
  ...COUNTERS,
  'hierarchical_memory_limit',
  'hierarchical_memsw_limit',
  ...COUNTERS.map((name) => `total_${name}`),
]);

type Counters = Omit<Sample, 'networks' | 'cpu'> & { readonly cpu: CpuStats };

/** The counters of a container's v1 cgroups. */
export function sampleV1(directories: readonly CgroupDirectory[], read: Read): Counters {
  const file = (controller: string, name: string): string => {
    const directory = directories.find(({ controller: names }) => names.split(',').includes(controller));
    return directory ? read(`${directory.path}/${name}`) : '';
  };
  const limit = file('pids', 'pids.max').trim();
  return {
    cpu: cpu(file),
    memory: memory(file),
    // Docker: v1 without a limit shows none.
    pids: { current: Number(file('pids', 'pids.current')), limit: limit === 'max' ? 0 : Number(limit) },
    blkio: {
      bytes: blkio(file('blkio', 'blkio.throttle.io_service_bytes_recursive')),
      operations: blkio(file('blkio', 'blkio.throttle.io_serviced_recursive')),
    },
  };
}

type File = (controller: string, name: string) => string;

function cpu(file: File): CpuStats {
  const split = pairs(file('cpuacct', 'cpuacct.stat'));
  const throttled = pairs(file('cpu', 'cpu.stat'));
  return {
    cpu_usage: {
      total_usage: Number(file('cpuacct', 'cpuacct.usage')),
      percpu_usage: file('cpuacct', 'cpuacct.usage_percpu').trim().split(' ').map(Number),
      usage_in_kernelmode: (split.get('system') ?? 0) * NS_PER_TICK,
      usage_in_usermode: (split.get('user') ?? 0) * NS_PER_TICK,
    },
    throttling_data: {
      periods: throttled.get('nr_periods') ?? 0,
      throttled_periods: throttled.get('nr_throttled') ?? 0,
      throttled_time: throttled.get('throttled_time') ?? 0,
    },
  };
}

function memory(file: File): MemoryStats {
  const number = (name: string) => Number(file('memory', `memory.${name}`));
  const stats = [...pairs(file('memory', 'memory.stat'))].filter(([name]) => MEMORY.has(name));
  return {
    usage: number('usage_in_bytes'),
    max_usage: number('max_usage_in_bytes'),
    stats: Object.fromEntries(stats.sort(([a], [b]) => (a < b ? -1 : 1))),
    failcnt: number('failcnt'),
    limit: number('limit_in_bytes'),
  };
}

/** Lines `254:0 Read 4096`; the last one is the sum of all. */
function blkio(text: string): BlkioEntry[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', op = '', value] = line.split(' ');
    if (value === undefined) return [];
    const [major, minor] = device.split(':').map(Number);
    return [{ major: major!, minor: minor!, op, value: Number(value) }];
  });
}

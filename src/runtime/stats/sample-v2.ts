import type { BlkioEntry, CpuStats, MemoryStats } from '#api';
import type { CgroupDirectory } from '../cgroup/plan.ts';
import type { Read, Sample } from './sample.ts';
import { pairs } from './sample.ts';

/** What Docker takes over of v2's memory.stat. */
const MEMORY = (
  'active_anon active_file anon anon_thp file file_dirty file_mapped file_writeback inactive_anon inactive_file ' +
  'kernel_stack pgactivate pgdeactivate pgfault pglazyfree pglazyfreed pgmajfault pgrefill pgscan pgsteal shmem slab ' +
  'slab_reclaimable slab_unreclaimable sock thp_collapse_alloc thp_fault_alloc unevictable workingset_activate ' +
  'workingset_nodereclaim workingset_refault'
).split(' ');

/** The counters of a container's v2 cgroup. */
export function sampleV2(directories: readonly CgroupDirectory[], read: Read): Omit<Sample, 'networks'> {
  const file = (name: string): string => read(`${directories[0]!.path}/${name}`).trim();
  const limit = file('pids.max');
  return {
    cpu: cpu(pairs(file('cpu.stat'))),
    memory: memory(file),
    pids: { current: Number(file('pids.current')), limit: limit === 'max' ? limit : Number(limit) },
    blkio: { bytes: transferred(file('io.stat')), operations: null },
  };
}

function cpu(stat: ReadonlyMap<string, number>): CpuStats {
  const ns = (name: string) => (stat.get(name) ?? 0) * 1000;
  return {
    cpu_usage: {
      total_usage: ns('usage_usec'),
      usage_in_kernelmode: ns('system_usec'),
      usage_in_usermode: ns('user_usec'),
    },
    throttling_data: {
      periods: stat.get('nr_periods') ?? 0,
      throttled_periods: stat.get('nr_throttled') ?? 0,
      throttled_time: ns('throttled_usec'),
    },
  };
}

function memory(file: (name: string) => string): MemoryStats {
  const stat = pairs(file('memory.stat'));
  const limit = file('memory.max');
  return {
    usage: Number(file('memory.current')),
    stats: Object.fromEntries(MEMORY.map((name) => [name, stat.get(name) ?? 0])),
    failcnt: pairs(file('memory.events')).get('oom') ?? 0,
    limit: limit === 'max' ? Number.MAX_SAFE_INTEGER : Number(limit),
  };
}

/** Lines `254:0 rbytes=4096 wbytes=0 rios=1 …`. */
function transferred(text: string): BlkioEntry[] | null {
  const entries = text.split('\n').flatMap((line) => {
    const [device = '', ...fields] = line.split(' ');
    const [major, minor] = device.split(':').map(Number);
    const of = (name: string) => Number(fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1));
    if (minor === undefined) return [];
    return [
      { major: major!, minor, op: 'read', value: of('rbytes') || 0 },
      { major: major!, minor, op: 'write', value: of('wbytes') || 0 },
    ];
  });
  return entries.length > 0 ? entries : null;
}

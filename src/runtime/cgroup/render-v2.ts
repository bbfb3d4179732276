import type { OciResources } from '#oci';
import type { ControllerWrite } from './render-v1.ts';

const DEFAULT_PERIOD_US = 100_000;

/**
 * The writes into a v2 cgroup that put in force what `update` can change. At start the runtime does the same from the
 * spec's `linux.resources`.
 */
export function renderV2({ memory = {}, cpu = {}, pids, blockIO }: OciResources): ControllerWrite[] {
  const { limit, swap, reservation } = memory;
  return [
    ...write('memory.max', limit, limitOrMax),
    // Here swap alone, in the spec both together.
    ...write('memory.swap.max', swap, (both) => (both < 0 ? 'max' : String(both - (limit ?? 0)))),
    ...write('memory.low', reservation, limitOrMax),
    ...write('cpu.weight', cpu.shares, (shares) => String(cpuWeight(shares))),
    ...write('cpu.max', cpu.quota ?? cpu.period, () => bandwidth(cpu.quota, cpu.period)),
    ...write('cpuset.cpus', cpu.cpus, String),
    ...write('cpuset.mems', cpu.mems, String),
    ...write('pids.max', pids?.limit, (count) => (count <= 0 ? 'max' : String(count))),
    // Which of the two there is depends on the scheduler of the disks.
    ...optional(write('io.bfq.weight', blockIO?.weight, String)),
    ...optional(write('io.weight', blockIO?.weight, (weight) => `default ${ioWeight(weight)}`)),
  ];
}

function write<T>(file: string, value: T | undefined, data: (value: T) => string): ControllerWrite[] {
  return value === undefined ? [] : [{ controller: 'unified', file, data: data(value) }];
}

const optional = (writes: ControllerWrite[]): ControllerWrite[] => writes.map((each) => ({ ...each, optional: true }));

const limitOrMax = (limit: number): string => (limit < 0 ? 'max' : String(limit));

const bandwidth = (quota = -1, period = DEFAULT_PERIOD_US): string => `${quota <= 0 ? 'max' : quota} ${period}`;

/** Shares 2–262144 as the runtimes map them to weights 1–10000. */
export const cpuWeight = (shares: number): number => 1 + Math.trunc(((shares - 2) * 9999) / 262_142);

/** v1's weights 10–1000 as the runtimes map them to 1–10000. */
const ioWeight = (weight: number): number => 1 + Math.trunc(((weight - 10) * 9999) / 990);

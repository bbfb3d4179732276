import { totalmem } from 'node:os';
import type { BlkioStats, ContainerStats, CpuStats } from '#api';
import { nowText, ZERO_TIME } from '#api';
import { deadline } from '#async';
import type { Context } from './context.ts';
import type { Sample } from './deps.ts';
import type { Container } from './record.ts';
import { hasProcess, isUp } from './record.ts';

const SAMPLE_MS = 10_000;

/** One look at a container, without the look before: `precpu_stats` is for {@link following} to fill in. */
export async function look(context: Context, container: Container): Promise<ContainerStats> {
  const { runtime } = context;
  if (!hasProcess(container)) return emptyStats();
  const hasNetwork = container.spec.hostConfig.NetworkMode !== 'host';
  const sample = await deadline(
    runtime.sample(container.id, { hasNetwork }),
    SAMPLE_MS,
    `container ${container.id} could not be looked at in time`,
  );
  return shape(sample);
}

/** What `stats` is asked for: looks every second, two a second apart (`stream: false`), or a single one. */
export interface StatsOptions {
  readonly stream: boolean;
  readonly oneShot: boolean;
  readonly signal: AbortSignal;
}

/** The answers of `stats`: one, or one a second until the container or the client has gone. */
export async function* stats(
  context: Context,
  container: Container,
  { stream, oneShot, signal }: StatsOptions,
): AsyncGenerator<ContainerStats> {
  const names = { name: `/${container.name}`, id: container.id };
  if (!stream && !isUp(container)) yield { ...names, ...emptyStats() };
  // Docker: a single look does not say whose it is.
  else if (oneShot) yield await look(context, container);
  else {
    let isFirst = true;
    for await (const each of context.stats.follow(container.id, signal)) {
      if (stream || !isFirst) yield each;
      if (!stream && !isFirst) return;
      isFirst = false;
    }
  }
}

/** This look with what belongs to the one before it. */
export function following(before: ContainerStats | undefined, now: ContainerStats): ContainerStats {
  if (!before) return now;
  return { ...now, preread: before.read, precpu_stats: before.cpu_stats };
}

/** What is said of a container without processes. */
export function emptyStats(): ContainerStats {
  return {
    read: ZERO_TIME,
    preread: ZERO_TIME,
    pids_stats: {},
    blkio_stats: blkio(null, null, null),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: NO_CPU,
    precpu_stats: NO_CPU,
    memory_stats: {},
  };
}

const NO_CPU: CpuStats = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

/** Docker: what v1 counted once and no kernel counts any more is there as an empty list, on v2 as null. */
function blkio(
  bytes: BlkioStats['io_service_bytes_recursive'],
  operations: BlkioStats['io_serviced_recursive'],
  none: [] | null,
): BlkioStats {
  return {
    io_service_bytes_recursive: bytes,
    io_serviced_recursive: operations,
    io_queue_recursive: none,
    io_service_time_recursive: none,
    io_wait_time_recursive: none,
    io_merged_recursive: none,
    io_time_recursive: none,
    sectors_recursive: none,
  };
}

function shape({ cpu, memory, pids, blkio: io, networks }: Sample): ContainerStats {
  const { usage, max_usage, stats, failcnt, limit = 0 } = memory;
  const memoryStats = { usage, max_usage, stats, failcnt, limit: Math.min(limit, totalmem()) };
  return {
    read: nowText(),
    preread: ZERO_TIME,
    pids_stats: withoutZeros({ current: pids.current, limit: pids.limit === 'max' ? NO_LIMIT : pids.limit }),
    blkio_stats: blkio(io.bytes, io.operations, io.operations === null ? null : []),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu,
    precpu_stats: NO_CPU,
    memory_stats: withoutZeros(memoryStats),
    ...(Object.keys(networks).length > 0 ? { networks } : {}),
  };
}

/** Go's omitempty. */
function withoutZeros<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== 0 && each !== undefined)) as Partial<T>;
}

/** 2^64 - 1, which does not fit into a number: raw JSON keeps its digits. */
const NO_LIMIT = (JSON as unknown as { rawJSON(text: string): object }).rawJSON('18446744073709551615');

import type { Command, CommandInput } from '../command.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import { swapBytes } from './create-flags.ts';
import { restartPolicy } from './host-options.ts';

/** Changes limits and restart policy of containers. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    {
      name: 'blkio-weight',
      kind: 'uint16',
      usage: 'Block IO (relative weight), between 10 and 1000, or 0 to disable',
      shown: '0',
    },
    { name: 'cpu-period', kind: 'int', usage: 'Limit CPU CFS (Completely Fair Scheduler) period' },
    { name: 'cpu-quota', kind: 'int', usage: 'Limit CPU CFS (Completely Fair Scheduler) quota' },
    { name: 'cpu-rt-period', kind: 'int', usage: 'Limit the CPU real-time period in microseconds' },
    { name: 'cpu-rt-runtime', kind: 'int', usage: 'Limit the CPU real-time runtime in microseconds' },
    { name: 'cpu-shares', short: 'c', kind: 'int', usage: 'CPU shares (relative weight)' },
    { name: 'cpus', kind: 'decimal', usage: 'Number of CPUs' },
    { name: 'cpuset-cpus', kind: 'string', usage: 'CPUs in which to allow execution (0-3, 0,1)' },
    { name: 'cpuset-mems', kind: 'string', usage: 'MEMs in which to allow execution (0-3, 0,1)' },
    { name: 'kernel-memory', kind: 'bytes', usage: 'Kernel memory limit (deprecated)', hidden: true },
    { name: 'memory', short: 'm', kind: 'bytes', usage: 'Memory limit' },
    { name: 'memory-reservation', kind: 'bytes', usage: 'Memory soft limit' },
    {
      name: 'memory-swap',
      kind: 'bytes',
      usage: 'Swap limit equal to memory plus swap: -1 to enable unlimited swap',
      read: swapBytes,
    },
    { name: 'pids-limit', kind: 'int', usage: 'Tune container pids limit (set -1 for unlimited)' },
    { name: 'restart', kind: 'string', usage: 'Restart policy to apply when a container exits' },
  ],
  run,
};

async function run(session: Session, input: CommandInput): Promise<number> {
  const { flags, operands } = input;
  if (!command.flags.some(({ name }) => flags.changed(name))) {
    throw new Error('you must provide one or more flags when using this command');
  }
  const body = updateRequest(input);
  const warnings: string[] = [];
  const failures: string[] = [];
  for (const name of operands) {
    try {
      const { Warnings } = await session.client.containers.update(name, body);
      session.out(`${name}\n`);
      warnings.push(...(Warnings ?? []));
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  if (warnings.length > 0) session.out(`${warnings.join('\n')}\n`);
  if (failures.length > 0) throw new StatusError(failures.join('\n'), 1);
  return 0;
}

function updateRequest({ flags }: CommandInput): object {
  const policy = flags.text('restart');
  return {
    BlkioWeight: flags.number('blkio-weight'),
    CpuShares: flags.number('cpu-shares'),
    CpuPeriod: flags.number('cpu-period'),
    CpuQuota: flags.number('cpu-quota'),
    CpuRealtimePeriod: flags.number('cpu-rt-period'),
    CpuRealtimeRuntime: flags.number('cpu-rt-runtime'),
    CpusetCpus: flags.text('cpuset-cpus'),
    CpusetMems: flags.text('cpuset-mems'),
    Memory: flags.number('memory'),
    MemoryReservation: flags.number('memory-reservation'),
    MemorySwap: flags.number('memory-swap'),
    KernelMemory: flags.number('kernel-memory'),
    NanoCpus: flags.number('cpus'),
    ...(flags.changed('pids-limit') && { PidsLimit: flags.number('pids-limit') }),
    ...(policy !== '' && { RestartPolicy: restartPolicy(policy) }),
  };
}

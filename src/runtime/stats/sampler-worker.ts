import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { isErrno } from '#sys';
import type { Sample, SampleSource } from './sample.ts';
import { hostCpu, parseInterfaces } from './sample.ts';
import { sampleV1 } from './sample-v1.ts';
import { sampleV2 } from './sample-v2.ts';

/** What the worker is asked for, and what it answers. */
export interface Question {
  readonly id: number;
  readonly source: SampleSource;
}
export type Answer = { readonly id: number } & ({ readonly sample: Sample } | { readonly message: string });

/** The stats worker: reading counters makes the kernel add them up, for as long as that takes. */
parentPort!.on('message', ({ id, source }: Question) => {
  try {
    parentPort!.postMessage({ id, sample: sample(source) } satisfies Answer);
  } catch (error) {
    parentPort!.postMessage({ id, message: (error as Error).message } satisfies Answer);
  }
});

function sample({ version, directories, networkOf }: SampleSource): Sample {
  const counters = version === 1 ? sampleV1(directories, read) : sampleV2(directories, read);
  const { system, online } = hostCpu(read('/proc/stat'));
  return {
    ...counters,
    cpu: cpuOf(counters.cpu, { system, online }),
    networks: networkOf === undefined ? {} : parseInterfaces(read(`/proc/${networkOf}/net/dev`)),
  };
}

/** In Docker's order of fields. */
function cpuOf(
  { cpu_usage, throttling_data }: Sample['cpu'],
  { system, online }: { system: number; online: number },
): Sample['cpu'] {
  return { cpu_usage, system_cpu_usage: system, online_cpus: online, throttling_data };
}

/** A container may end while it is looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'ESRCH', 'EOPNOTSUPP', 'EINVAL')) return '';
    throw error;
  }
}

import { parentPort, workerData } from 'node:worker_threads';
import { Mutator } from './mutate.ts';
import { isRefusal, TARGETS } from './targets.ts';

/** Fuzzes one target for a time; posts how many inputs it read, or the input that broke it. */
const { name, seconds, seed } = workerData as { name: string; seconds: number; seed: number };
const SLOW_MS = 1000;
const target = TARGETS[name]!;
const mutator = new Mutator(seed, target.seeds, target.words);
const end = Date.now() + seconds * 1000;
let inputs = 0;
let refused = 0;
let broken: { input: string; error: string } | undefined;
while (Date.now() < end && !broken) {
  const input = mutator.next();
  // Time of the processor in this thread: neither a busy machine nor another target makes slow what is not.
  const began = process.threadCpuUsage();
  try {
    await target.run(input);
  } catch (error) {
    if (isRefusal(error)) refused++;
    else broken = { input: input.toString('base64'), error: (error as Error).stack ?? String(error) };
  }
  const { user, system } = process.threadCpuUsage(began);
  const took = (user + system) / 1000;
  if (took > SLOW_MS) broken = { input: input.toString('base64'), error: `took ${took.toFixed(0)} ms` };
  inputs++;
}
parentPort!.postMessage({ inputs, refused, broken });

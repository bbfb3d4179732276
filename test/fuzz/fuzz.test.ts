import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { TARGETS } from './targets.ts';

const SECONDS = Number(process.env.GANTRY_FUZZ_SECONDS ?? 20);

describe(`hostile bytes for ${SECONDS} s each are refused clearly and quickly`, { concurrency: 2 }, () => {
  for (const name of Object.keys(TARGETS)) {
    test(name, { timeout: SECONDS * 1000 + 60_000 }, async (t) => {
      const seed = Number(process.env.GANTRY_FUZZ_SEED ?? Date.now() % 1e9);
      const worker = new Worker(new URL('./worker.ts', import.meta.url), {
        workerData: { name, seconds: SECONDS, seed },
      });
      const [result] = (await once(worker, 'message')) as [
        { inputs: number; refused: number; broken?: { input: string; error: string } },
      ];
      t.diagnostic(`seed ${seed}: ${result.inputs} inputs, ${result.refused} refused`);
      assert.equal(result.broken, undefined);
      assert.ok(
        result.inputs > 100 && result.refused > 0 && result.refused < result.inputs,
        'the inputs are all alike',
      );
    });
  }
});

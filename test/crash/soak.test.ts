import assert from 'node:assert/strict';
import { test } from 'node:test';
import { send } from '../conformance/call.ts';
import { busyboxTar } from '../conformance/image.ts';
import { startDaemon } from '../harness/daemon.ts';
import { soak } from './soak.ts';

const KILLS = Number(process.env.GANTRY_SOAK_KILLS ?? 40);

test(`${KILLS} random kill -9 under four clients lose nothing and leave nothing`, {
  timeout: KILLS * 30_000,
}, async (t) => {
  const seed = Number(process.env.GANTRY_SOAK_SEED ?? Date.now() % 1e9);
  t.diagnostic(`seed ${seed}`);
  const daemon = await startDaemon();
  try {
    const path = '/images/create?fromSrc=-&repo=crash&tag=latest&changes=ENV%20PATH=/bin';
    await send(daemon.socket, { method: 'POST', path, body: busyboxTar() }, new Map());
    const outcome = await soak(daemon, { kills: KILLS, seed });
    const worst = Math.max(...outcome.restartMs).toFixed(0);
    t.diagnostic(`${outcome.acknowledged} acknowledged containers checked, slowest restart ${worst} ms`);
    assert.deepEqual(outcome.violations, []);
  } finally {
    await daemon.destroy();
  }
});

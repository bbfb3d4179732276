import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { detectCgroups } from '#sys';
import { freeze, isFrozen, thaw } from '../../../src/runtime/cgroup/freeze.ts';
import { killAll } from '../../../src/runtime/cgroup/kill-all.ts';
import { planCgroup, updateSteps } from '../../../src/runtime/cgroup/make-plan.ts';
import { ensureParents } from '../../../src/runtime/cgroup/parents.ts';
import type { CgroupPlan } from '../../../src/runtime/cgroup/plan.ts';
import { removeCgroup, removeTree } from '../../../src/runtime/cgroup/remove.ts';
import { runSetup } from '../../../src/runtime/cgroup/steps.ts';
import { markedCgroups } from '../../../src/runtime/cgroup/sweep.ts';
import { listPids, oomKills } from '../../../src/runtime/cgroup/tree.ts';
import { Bench } from './run-spec.ts';

const MB = 1024 * 1024;
const SUFFIX = '-t1cgrp';
const layout = detectCgroups();
const v1 = { skip: layout.version === 1 ? false : 'the runtime makes cgroups of v2' };
const bench = await Bench.open();
after(() => bench[Symbol.asyncDispose]());

let count = 0;
async function withCgroup(use: (plan: CgroupPlan, id: string) => Promise<void>, resources = {}): Promise<void> {
  const id = String(++count).padStart(64, '0');
  const name = { id, suffix: SUFFIX, parent: '' };
  const plan = planCgroup({ name, layout, driver: 'cgroupfs', disablesCgroups: true, resources });
  ensureParents(plan);
  runSetup(plan.setup);
  try {
    await use(plan, id);
  } finally {
    await killAll(plan);
    await removeCgroup(plan);
    for (const { path } of plan.directories) await removeTree(path.slice(0, path.lastIndexOf('/')));
  }
}

/** Starts sh in the cgroup as the stub does: it moves itself. */
function start(plan: CgroupPlan, script: string) {
  const joins = plan.join.map((file) => `echo 0 > ${file}`).join('; ');
  return spawn('sh', ['-c', `${joins}; ${script}`], { stdio: ['ignore', 'pipe', 'ignore'] });
}

async function ready(plan: CgroupPlan, processes: number): Promise<void> {
  while (listPids(plan).length < processes) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('limits are in force inside', v1, async () => {
  const output = await bench.sh(
    `cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes pids/pids.max \
     cpu/cpu.cfs_quota_us cpu/cpu.shares cpuset/cpuset.cpus`,
    { hostConfig: { Memory: 32 * MB, NanoCpus: 5e8, CpuShares: 77, CpusetCpus: '0' } },
  );
  assert.deepEqual(output.trim().split('\n'), [`${32 * MB}`, `${64 * MB}`, '4096', '50000', '77', '0']);
});

test('without limits only the pids are bounded', v1, async () => {
  const output = await bench.sh('cd /sys/fs/cgroup; cat pids/pids.max cpu/cpu.cfs_quota_us');
  assert.deepEqual(output.trim().split('\n'), ['4096', '-1']);
  const unlimited = await bench.sh('cat /sys/fs/cgroup/pids/pids.max', { hostConfig: { PidsLimit: -1 } });
  assert.equal(unlimited.trim(), 'max');
});

test('an update raises and lowers memory together with swap', v1, () =>
  withCgroup(
    async (plan) => {
      const read = () =>
        ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'].map((file) => {
          const memory = plan.directories.find(({ controller }) => controller === 'memory');
          return Number(readFileSync(`${memory?.path}/${file}`, 'utf8')) / MB;
        });
      assert.deepEqual(read(), [16, 32]);
      for (const size of [64, 8]) {
        const memory = { limit: size * MB, swap: 2 * size * MB };
        runSetup(updateSteps(plan.directories, { memory }, { update: true }));
        assert.deepEqual(read(), [size, 2 * size]);
      }
    },
    { memory: { limit: 16 * MB, swap: 32 * MB } },
  ),
);

test('freeze stops all processes, thaw lets them go on', v1, () =>
  withCgroup(async (plan) => {
    start(plan, 'sleep 60 & sleep 60; true');
    await ready(plan, 3);
    await freeze(plan);
    assert.ok(isFrozen(plan));
    thaw(plan);
    assert.ok(!isFrozen(plan));
  }),
);

test('killAll ends a frozen cgroup and one that forks', v1, () =>
  withCgroup(async (plan) => {
    start(plan, 'while :; do sleep 0.01 & done');
    await ready(plan, 5);
    assert.equal(await killAll(plan), 0);
    start(plan, 'sleep 60; true');
    await ready(plan, 2);
    await freeze(plan);
    assert.equal(await killAll(plan), 0);
    assert.deepEqual(listPids(plan), []);
  }),
);

test('a kill for memory is counted', v1, () =>
  withCgroup(
    async (plan) => {
      assert.equal(oomKills(plan), 0);
      const eater = start(plan, 'exec dd if=/dev/zero of=/dev/null bs=100M count=1');
      await new Promise((resolve) => eater.once('exit', resolve));
      assert.equal(oomKills(plan), 1);
    },
    { memory: { limit: 16 * MB, swap: 16 * MB } },
  ),
);

test('a sweep finds what carries the mark, and removal leaves nothing', v1, async () => {
  let directories: string[] = [];
  await withCgroup(async (plan, id) => {
    directories = plan.directories.map(({ path }) => path);
    const found = markedCgroups(layout, SUFFIX);
    assert.deepEqual([...found.keys()], [id]);
    assert.deepEqual(
      found
        .get(id)
        ?.directories.map(({ path }) => path)
        .sort(),
      [...directories].sort(),
    );
    assert.equal(found.get(id)?.oomFile, plan.oomFile);
    assert.equal(markedCgroups(layout, '-nobody').size, 0);
  });
  assert.deepEqual(
    directories.filter((path) => existsSync(path)),
    [],
  );
});

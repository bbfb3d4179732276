import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { detectCgroups } from '#sys';
import { freeze, isFrozen, thaw } from '../../../src/runtime/cgroup/freeze.ts';
import { killAll } from '../../../src/runtime/cgroup/kill-all.ts';
import { removeCgroup } from '../../../src/runtime/cgroup/remove.ts';
import { markedCgroups } from '../../../src/runtime/cgroup/sweep.ts';
import { listPids, oomKills } from '../../../src/runtime/cgroup/tree.ts';
import { buildSpec } from '../../../src/runtime/spec/build.ts';
import { Bench } from './run-spec.ts';

const MB = 1024 * 1024;
const layout = detectCgroups();
const v2 = { skip: layout.version === 2 ? false : 'this host has cgroup v1' };
const bench = await Bench.open();
after(() => bench[Symbol.asyncDispose]());

for (const cgroupDriver of ['systemd', 'cgroupfs']) {
  const skip = v2.skip || (cgroupDriver === 'systemd' && !layout.systemd && 'systemd does not run here');

  test(`limits and control of a container on v2, ${cgroupDriver}`, { skip }, async () => {
    const id = (cgroupDriver === 'systemd' ? 'a' : 'b').repeat(64);
    const run = {
      config: { Cmd: ['sh', '-c', 'sleep 600 & sleep 600'], Env: ['PATH=/bin'] },
      hostConfig: { Memory: 32 * MB, NanoCpus: 5e8, PidsLimit: 99, CpuShares: 512 },
    };
    const input = bench.input(run, id);
    const { spec, cgroup } = buildSpec({ ...input, defaults: { ...input.defaults, cgroupDriver } });
    const bundle = `${bench.rootfs}/../${id}`;
    mkdirSync(bundle);
    writeFileSync(`${bundle}/config.json`, JSON.stringify(spec));
    const crun = ['crun', `--cgroup-manager=${cgroup.manager}`];
    execFileSync('unshare', ['-n', ...crun, 'run', '-d', '--bundle', bundle, id], { stdio: 'ignore' });
    try {
      const directory = cgroup.directories[0]?.path ?? '';
      const read = (file: string) => readFileSync(`${directory}/${file}`, 'utf8').trim();
      assert.equal(read('memory.max'), `${32 * MB}`);
      assert.equal(read('memory.swap.max'), `${32 * MB}`);
      assert.equal(read('cpu.max'), '50000 100000');
      assert.equal(read('pids.max'), '99');
      assert.equal(listPids(cgroup).length, 2);
      assert.equal(oomKills(cgroup), 0);
      assert.deepEqual([...markedCgroups(layout, input.suffix).keys()], [id]);
      await freeze(cgroup);
      assert.ok(isFrozen(cgroup));
      thaw(cgroup);
      await freeze(cgroup);
      assert.equal(await killAll(cgroup), 0);
    } finally {
      execFileSync('crun', ['delete', '-f', id]);
      await removeCgroup(cgroup);
      rmSync(bundle, { recursive: true });
    }
    assert.deepEqual(
      cgroup.directories.filter(({ path }) => existsSync(path)),
      [],
    );
  });
}

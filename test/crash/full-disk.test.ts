import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { api } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import { settled } from '../harness/invariants.ts';
import { create, importImage, must, start } from './scenario.ts';
import { SmallDisk } from './small-disk.ts';
import { Told } from './told.ts';

describe('a data root without a free byte', () => {
  const folder = mkdtempSync('/var/tmp/gantry-test-full-');
  const dataRoot = join(folder, 'data');
  const told = new Told();
  let disk: SmallDisk;
  let daemon: TestDaemon;
  let writer: string;
  let sleeper: string;

  before(async () => {
    disk = SmallDisk.mount(dataRoot, '96M');
    daemon = await startDaemon({ folder });
    await importImage(daemon);
    const script = 'while :; do i=$((i+1)); echo line-$i; echo $i > /dev/shm/i; sleep 0.01; done';
    writer = await create(daemon.socket, told, 'writer', { Cmd: ['sh', '-c', script] });
    await start(daemon.socket, told, writer);
    sleeper = await create(daemon.socket, told, 'sleeper', { Volumes: { '/etc': {} } });
    await start(daemon.socket, told, sleeper);
    for (const name of ['old', 'older']) {
      const id = await create(daemon.socket, told, name, { Cmd: ['true'] });
      await must(daemon.socket, 'POST', `/containers/${id}/start`);
      await must(daemon.socket, 'POST', `/containers/${id}/wait`);
    }
    disk.fill();
  });
  after(async () => {
    disk.clear();
    try {
      await daemon.purge();
    } finally {
      disk[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const log = () => readFileSync(join(dataRoot, 'containers', writer, `${writer}-json.log`), 'utf8');
  const progress = async () => {
    const { State } = (await must(daemon.socket, 'GET', `/containers/${writer}/json`)) as { State: { Pid: number } };
    return Number(readFileSync(`/proc/${State.Pid}/root/dev/shm/i`, 'latin1'));
  };

  test('why names the disk', async () => {
    disk.fill();
    const { Findings } = (await must(daemon.socket, 'GET', '/gantry/containers/writer/why')) as {
      Findings: { Code: string; Summary: string }[];
    };
    assert.equal(Findings[0]?.Code, 'disk-full', JSON.stringify(Findings));
    assert.ok(Findings[0]?.Summary.includes(dataRoot));
  });

  test('what writes is not held up, its lines are dropped', async () => {
    const [size, at] = [log().length, await progress()];
    await new Promise((wake) => setTimeout(wake, 1000));
    disk.fill();
    assert.ok((await progress()) > at + 20, 'the writer is held up');
    assert.ok(log().length - size < 4096, 'the log grows on a full disk');
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`the daemon starts after ${signal}`, async () => {
      disk.fill();
      await daemon.stop(signal);
      disk.fill();
      assert.ok(disk.free() === 0, 'there is room');
      await daemon.start();
      await isUp();
    });
  }

  async function isUp(): Promise<void> {
    const { State } = (await must(daemon.socket, 'GET', `/containers/${writer}/json`)) as {
      State: { Running: boolean };
    };
    assert.equal(State.Running, true);
  }

  test('a create is refused, and leaves nothing', async () => {
    disk.fill();
    const { status } = await api(daemon.socket, 'POST', '/containers/create?name=new', { Image: 'crash' });
    if (status < 400) await must(daemon.socket, 'DELETE', '/containers/new');
    assert.deepEqual(await settled(daemon, told.list()), []);
  });

  test('stop, rm, rm -v and prune work', async () => {
    disk.fill();
    told.stopping(sleeper);
    await must(daemon.socket, 'POST', `/containers/${sleeper}/stop?t=0`);
    disk.fill();
    told.removing(sleeper);
    await must(daemon.socket, 'DELETE', `/containers/${sleeper}?v=1`);
    disk.fill();
    for (const { id, isRunning } of told.list()) if (!isRunning && id !== writer) told.removing(id);
    const pruned = (await must(daemon.socket, 'POST', '/containers/prune')) as { ContainersDeleted: string[] };
    assert.equal(pruned.ContainersDeleted.length, 2);
    await must(daemon.socket, 'POST', '/images/prune');
    assert.deepEqual(await settled(daemon, told.list()), []);
  });

  test('with room again the log tells how many lines it lost', async () => {
    disk.clear();
    await new Promise((wake) => setTimeout(wake, 500));
    const text = log();
    const marker = /gantry: (\d+) log lines were dropped: No space left on device/.exec(text);
    assert.ok(marker && Number(marker[1]) > 0, text.slice(-600));
    const numbers = [...text.matchAll(/line-(\d+)/g)].map((match) => Number(match[1]));
    const gap = numbers.reduce((sum, number, index) => sum + (index > 0 ? number - numbers[index - 1]! - 1 : 0), 0);
    const dropped = [...text.matchAll(/gantry: (\d+) log lines/g)].reduce((sum, match) => sum + Number(match[1]), 0);
    assert.equal(gap, dropped);
    told.removing(writer);
    await must(daemon.socket, 'DELETE', `/containers/${writer}?force=1`);
    assert.deepEqual(await settled(daemon, []), []);
  });
});

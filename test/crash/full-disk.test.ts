import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { api } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import { settled } from '../harness/invariants.ts';
import { create, importImage, must, start } from './scenario.ts';
import { Told } from './told.ts';

const DISK = '96M';

/** The data root is a small ext4 file system on a loop device, so that overlay works on it as on a host. */
describe('a data root without a free byte', () => {
  const folder = mkdtempSync('/var/tmp/gantry-test-full-');
  const dataRoot = join(folder, 'data');
  const told = new Told();
  let daemon: TestDaemon;
  let writer: string;
  let sleeper: string;

  before(async () => {
    mkdirSync(dataRoot);
    const disk = join(folder, 'disk');
    execFileSync('truncate', ['-s', DISK, disk]);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', disk]);
    execFileSync('mount', ['-o', 'loop', disk, dataRoot]);
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
    fill(dataRoot);
  });
  after(async () => {
    rmSync(join(dataRoot, 'ballast'), { recursive: true, force: true });
    try {
      await daemon.purge();
    } finally {
      execFileSync('umount', ['-l', dataRoot]);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const log = () => readFileSync(join(dataRoot, 'containers', writer, `${writer}-json.log`), 'utf8');
  const progress = async () => {
    const { State } = (await must(daemon.socket, 'GET', `/containers/${writer}/json`)) as { State: { Pid: number } };
    return Number(readFileSync(`/proc/${State.Pid}/root/dev/shm/i`, 'latin1'));
  };

  test('why names the disk', async () => {
    fill(dataRoot);
    const { Findings } = (await must(daemon.socket, 'GET', '/gantry/containers/writer/why')) as {
      Findings: { Code: string; Summary: string }[];
    };
    assert.equal(Findings[0]?.Code, 'disk-full', JSON.stringify(Findings));
    assert.ok(Findings[0]?.Summary.includes(dataRoot));
  });

  test('what writes is not held up, its lines are dropped', async () => {
    const [size, at] = [log().length, await progress()];
    await new Promise((wake) => setTimeout(wake, 1000));
    fill(dataRoot);
    assert.ok((await progress()) > at + 20, 'the writer is held up');
    assert.ok(log().length - size < 4096, 'the log grows on a full disk');
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`the daemon starts after ${signal}`, async () => {
      fill(dataRoot);
      await daemon.stop(signal);
      fill(dataRoot);
      assert.ok(free(dataRoot) === 0, 'there is room');
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
    fill(dataRoot);
    const { status } = await api(daemon.socket, 'POST', '/containers/create?name=new', { Image: 'crash' });
    if (status < 400) await must(daemon.socket, 'DELETE', '/containers/new');
    assert.deepEqual(await settled(daemon, told.list()), []);
  });

  test('stop, rm, rm -v and prune work', async () => {
    fill(dataRoot);
    told.stopping(sleeper);
    await must(daemon.socket, 'POST', `/containers/${sleeper}/stop?t=0`);
    fill(dataRoot);
    told.removing(sleeper);
    await must(daemon.socket, 'DELETE', `/containers/${sleeper}?v=1`);
    fill(dataRoot);
    for (const { id, isRunning } of told.list()) if (!isRunning && id !== writer) told.removing(id);
    const pruned = (await must(daemon.socket, 'POST', '/containers/prune')) as { ContainersDeleted: string[] };
    assert.equal(pruned.ContainersDeleted.length, 2);
    await must(daemon.socket, 'POST', '/images/prune');
    assert.deepEqual(await settled(daemon, told.list()), []);
  });

  test('with room again the log tells how many lines it lost', async () => {
    rmSync(join(dataRoot, 'ballast'), { recursive: true });
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

/** Takes the last block of a file system. */
function fill(root: string): void {
  const ballast = join(root, 'ballast');
  mkdirSync(ballast, { recursive: true });
  for (let size = 1 << 20; size >= 512; ) {
    try {
      writeFileSync(join(ballast, `${process.hrtime.bigint()}`), Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      size /= 2;
    }
  }
}

function free(root: string): number {
  return statfsSync(root).bavail;
}

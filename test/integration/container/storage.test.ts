import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Engine, eventually } from './engine.ts';

/** Limits on what a container may write (`--storage-opt size=`). */
let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const SMALL = { StorageOpt: { size: '20m' } };
const FILL = 'dd if=/dev/zero of=/full bs=1M count=60 2>&1; ls -l /full';
const sizeOf = (listing: string) => Number(/root\s+(\d+)/.exec(listing)?.[1] ?? Number.NaN);
const disks = () => readdirSync(join(engine.daemon.dataRoot, 'snapshots/d'));
const mounted = () => readFileSync('/proc/self/mountinfo', 'utf8').includes(`${engine.daemon.dataRoot}/snapshots/c/`);

async function sizeRw(name: string): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ name: [name] }));
  const [row] = (await engine.expect(200, 'GET', `/containers/json?all=1&size=1&filters=${filters}`)) as {
    SizeRw: number;
  }[];
  return row!.SizeRw;
}

test('a container writes as much as it may, and no more', async () => {
  const output = await engine.output(`${FILL}; df -m / | tail -1`, SMALL);
  assert.match(output, /No space left on device/);
  const size = sizeOf(output);
  assert.ok(size >= 20 * 2 ** 20 && size < 30 * 2 ** 20, output);
});

test('the limit, the files and their size outlive kill -9 and a loss of all mounts', async () => {
  const id = await engine.run('kept', ['sh', '-c', 'echo kept >/word; sleep 1000'], SMALL);
  await eventually('the file is written', async () => (await engine.exec('kept', 'cat /word')) === 'kept\n');
  assert.deepEqual(disks(), [id]);
  await engine.daemon.stop('SIGKILL');
  await engine.daemon.start();
  assert.match(await engine.exec('kept', FILL), /No space left on device/);
  assert.ok((await sizeRw('kept')) >= 20 * 2 ** 20);
  await engine.exec('kept', 'rm /full');
  await engine.expect(204, 'POST', '/containers/kept/stop?t=0');
  await engine.daemon.stop();
  assert.equal(spawnSync('umount', [join(engine.daemon.dataRoot, 'snapshots/c', id)]).status, 0);
  await engine.daemon.start();
  await engine.expect(204, 'POST', '/containers/kept/start');
  assert.equal(await engine.exec('kept', 'cat /word'), 'kept\n');
  await engine.remove('kept');
  await eventually('nothing is left', async () => disks().length === 0 && !mounted());
});

test('what a create leaves when it is killed is swept', async () => {
  for (const failpoint of ['snapshot.disk.made', 'snapshot.disk.mounted']) {
    await engine.daemon.stop();
    await engine.daemon.start({ env: { GANTRY_FAILPOINT: failpoint } });
    const body = { Image: 'conformance', Cmd: ['true'], HostConfig: { NetworkMode: 'none', ...SMALL } };
    await assert.rejects(engine.call('POST', '/containers/create?name=cut', body));
    await engine.daemon.exited();
    assert.equal(disks().length, 1, failpoint);
    await engine.daemon.start();
    await eventually('nothing is left', async () => disks().length === 0 && !mounted());
  }
});

test('a size can be the default of the daemon', async () => {
  await engine.daemon.stop();
  await engine.daemon.start({ args: ['--storage-opt', 'overlay2.size=10M'] });
  const size = sizeOf(await engine.output(FILL));
  assert.ok(size >= 10 * 2 ** 20 && size < 20 * 2 ** 20, String(size));
  assert.match(await engine.output(`${FILL}`, { StorageOpt: { size: '30m' } }), /root\s+3\d{7}/);
});

test('sizes that are none are refused', async () => {
  const body = (size: string) => ({ Image: 'conformance', Cmd: ['true'], HostConfig: { StorageOpt: { size } } });
  const refused = (await engine.expect(500, 'POST', '/containers/create', body('much'))) as { message: string };
  assert.equal(refused.message, "invalid size: 'much'");
});

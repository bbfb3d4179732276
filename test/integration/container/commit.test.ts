import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Engine, eventually } from './engine.ts';

/** Images of containers: what is in them, and what is left when a commit does not come to its end. */
let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const BIG = 'mkdir /d; i=0; while [ $i -lt 40 ]; do head -c 2000000 /dev/urandom >/d/$i; i=$((i+1)); done; echo >/done';
/** Writes a line a moment for ever: its log tells whether it is frozen. */
const TICKING = 'while :; do echo tick; sleep 0.05; done';

async function output(name: string): Promise<string> {
  return String(await engine.expect(200, 'GET', `/containers/${name}/logs?stdout=1`));
}

async function isTicking(name: string): Promise<boolean> {
  const before = (await output(name)).length;
  await new Promise((wake) => setTimeout(wake, 200));
  return (await output(name)).length > before;
}

async function big(name: string): Promise<void> {
  await engine.run(name, ['sh', '-c', `${BIG}; ${TICKING}`]);
  const done = () => engine.call('HEAD', `/containers/${name}/archive?path=/done`);
  await eventually('it has written its files', async () => (await done()).status === 200);
}

/** Nothing of a commit that failed is kept anywhere. */
async function leftNothing(images: number): Promise<void> {
  const all = (await engine.expect(200, 'GET', '/images/json?all=1')) as unknown[];
  assert.equal(all.length, images);
  assert.deepEqual(readdirSync(join(engine.daemon.dataRoot, 'snapshots/.ingest')), []);
  assert.deepEqual(readdirSync(join(engine.daemon.dataRoot, 'content/ingest')), []);
}

test('an image of a container has what it changed, its config, and nothing of its volumes', async () => {
  const script = `echo new >/new; rm /bin/zcat; rm -r /tmp; mkdir /tmp; echo >/vol/x; ${TICKING}`;
  await engine.run('made', ['sh', '-c', script], { Binds: ['committed-v:/vol'] }, { Env: ['KEPT=1'] });
  await eventually('it runs', async () => (await output('made')).includes('tick'));
  const change = encodeURIComponent('CMD ["sh", "-c", "cat /new; ls /bin/zcat /vol /etc/hostname; echo $KEPT"]');
  await engine.expect(201, 'POST', `/commit?container=made&repo=made-image&changes=${change}`);
  assert.ok(await isTicking('made'));
  assert.equal((await engine.state('made')).Status, 'running');
  await engine.run('of-it', [], {}, { Image: 'made-image' });
  await engine.wait('of-it');
  assert.match(await output('of-it'), /new\n/);
  assert.match(await output('of-it'), /1\n/);
  assert.doesNotMatch(await output('of-it'), /\n\/bin\/zcat\n/);
  const changes = await engine.expect(200, 'GET', '/containers/of-it/changes');
  assert.equal(changes, null);
  for (const name of ['made', 'of-it']) await engine.expect(204, 'DELETE', `/containers/${name}?force=1`);
  await engine.expect(200, 'DELETE', '/images/made-image');
});

test('a container whose process ends at that moment is committed all the same', async () => {
  for (let round = 0; round < 5; round++) {
    await engine.run('brief', ['sleep', '1000']);
    process.kill((await engine.state('brief')).Pid, 'SIGKILL');
    const { Id } = (await engine.expect(201, 'POST', '/commit?container=brief')) as { Id: string };
    await engine.expect(200, 'DELETE', `/images/${Id}`);
    await engine.remove('brief');
  }
});

test('a client that leaves ends its commit: the container runs on and nothing is left', async () => {
  await big('left');
  const { socket } = engine.daemon;
  const call = request({ socketPath: socket, method: 'POST', path: '/commit?container=left&repo=left', agent: false });
  call.on('error', () => {});
  call.end();
  await eventually('it is paused', async () => (await engine.state('left')).Status === 'paused');
  call.destroy();
  await eventually('it runs on', async () => (await engine.state('left')).Status === 'running');
  assert.ok(await isTicking('left'));
  await eventually('nothing is left', () =>
    leftNothing(1).then(
      () => true,
      () => false,
    ),
  );
  await engine.expect(204, 'DELETE', '/containers/left?force=1');
});

test('a container that is removed while it is committed makes no image', async () => {
  await big('gone');
  const commit = engine.call('POST', '/commit?container=gone&repo=gone');
  await eventually('it is paused', async () => (await engine.state('gone')).Status === 'paused');
  const began = Date.now();
  await engine.expect(204, 'DELETE', '/containers/gone?force=1');
  assert.ok(Date.now() - began < 10_000);
  const { status } = await commit;
  // It may just have come to its end.
  if (status === 201) await engine.expect(200, 'DELETE', '/images/gone');
  await leftNothing(1);
});

test('a container runs on when the daemon is killed in the middle of its commit', async () => {
  await engine.daemon.stop('SIGKILL');
  await engine.daemon.start({ env: { GANTRY_FAILPOINT: 'snapshot.commit.filled' } });
  await engine.run('killed', ['sh', '-c', `echo >/x; ${TICKING}`]);
  await eventually('it runs', async () => (await output('killed')).includes('tick'));
  await engine.call('POST', '/commit?container=killed&repo=killed').catch(() => undefined);
  await engine.daemon.exited();
  await engine.daemon.start({ env: {} });
  await eventually('it runs', async () => (await engine.state('killed')).Status === 'running');
  assert.ok(await isTicking('killed'));
  await leftNothing(1);
  await engine.expect(201, 'POST', '/commit?container=killed&repo=killed');
  await engine.expect(204, 'DELETE', '/containers/killed?force=1');
});

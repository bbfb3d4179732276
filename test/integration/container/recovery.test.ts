import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Engine, eventually } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const SLEEP = ['sleep', '1000'];

async function crash(downMs = 0): Promise<void> {
  await engine.daemon.stop('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, downMs));
  await engine.daemon.start();
}

test('containers outlive the daemon; what ended meanwhile has its exit code, --rm is gone', async () => {
  await engine.run('lives', SLEEP);
  await engine.run('ends', ['sh', '-c', 'sleep 0.5; exit 9']);
  await engine.run('goes', ['sleep', '0.5'], { AutoRemove: true });
  await engine.create('waits', SLEEP);
  const { Pid } = await engine.state('lives');
  await crash(1000);
  assert.equal((await engine.state('lives')).Pid, Pid);
  assert.deepEqual([(await engine.state('ends')).Status, (await engine.state('ends')).ExitCode], ['exited', 9]);
  await eventually('removed', async () => (await engine.call('GET', '/containers/goes/json')).status === 404);
  assert.equal((await engine.state('waits')).Status, 'created');
  await engine.expect(204, 'POST', '/containers/waits/start');
  await engine.expect(204, 'POST', '/containers/lives/stop?t=0');
  for (const name of ['lives', 'ends', 'waits']) await engine.expect(204, 'DELETE', `/containers/${name}?force=1`);
});

test('containers whose directories a power cut took start all the same', async () => {
  const gone = await engine.create('gone', ['echo', 'still here']);
  const torn = await engine.create('torn', ['echo', 'still here']);
  await engine.daemon.stop('SIGKILL');
  const folder = (id: string) => join(engine.daemon.dataRoot, 'snapshots', 'c', id);
  rmSync(folder(gone), { recursive: true });
  writeFileSync(join(folder(torn), 'lower'), '');
  await engine.daemon.start();
  for (const name of ['gone', 'torn']) {
    await engine.expect(204, 'POST', `/containers/${name}/start`);
    await eventually('ended', async () => (await engine.state(name)).Status === 'exited');
    assert.equal((await engine.state(name)).ExitCode, 0);
    await engine.expect(204, 'DELETE', `/containers/${name}`);
  }
});

test('after a restart of the daemon always comes back from a manual stop, unless-stopped does not', async () => {
  for (const Name of ['always', 'unless-stopped']) {
    await engine.run(Name, SLEEP, { RestartPolicy: { Name } });
    await engine.expect(204, 'POST', `/containers/${Name}/stop?t=0`);
  }
  await crash();
  await eventually('always runs', async () => (await engine.state('always')).Status === 'running');
  assert.equal((await engine.state('unless-stopped')).Status, 'exited');
  for (const Name of ['always', 'unless-stopped']) {
    await engine.expect(204, 'DELETE', `/containers/${Name}?force=1`);
  }
});

test('a monitor that hangs blocks neither inspect nor removal', async () => {
  const id = await engine.run('hung', SLEEP);
  process.kill(engine.monitorOf(id), 'SIGSTOP');
  const asked = performance.now();
  await engine.state('hung');
  assert.ok(performance.now() - asked < 100, 'inspect is quick');
  await engine.expect(204, 'DELETE', '/containers/hung?force=1');
  assert.ok(performance.now() - asked < 10_000, 'removal ends');
});

test('a start that hangs is given up for a forced removal', async () => {
  const id = await engine.create('stuck', SLEEP);
  await eventually('its sandbox', async () => {
    try {
      return engine.monitorOf(id) > 0;
    } catch {
      return false;
    }
  });
  process.kill(engine.monitorOf(id), 'SIGSTOP');
  const start = engine.call('POST', '/containers/stuck/start');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const asked = performance.now();
  await engine.expect(204, 'DELETE', '/containers/stuck?force=1');
  assert.ok(performance.now() - asked < 10_000);
  assert.ok((await start).status >= 400);
});

test('a container whose monitor is killed ends', async () => {
  const id = await engine.run('orphan', SLEEP);
  process.kill(engine.monitorOf(id), 'SIGKILL');
  await eventually('ended', async () => (await engine.state('orphan')).Status === 'exited');
  assert.equal((await engine.state('orphan')).ExitCode, 137);
  await engine.expect(204, 'DELETE', '/containers/orphan');
});

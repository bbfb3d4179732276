import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { settled } from '../../harness/invariants.ts';
import { Engine } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const SLEEP = ['sleep', '1000'];
const KEEPER = ['sh', '-c', 'echo kept > /dev/shm/f; exec sleep 1000'];

const shmMounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${engine.daemon.execRoot}/monitors/`) && line.includes('/shm '));

test('shared memory outlives the daemon and goes with its container', async () => {
  await engine.run('donor', KEEPER, { IpcMode: 'shareable' });
  await engine.daemon.stop('SIGKILL');
  await engine.daemon.start();
  assert.equal(await engine.output('cat /dev/shm/f', { IpcMode: 'container:donor' }), 'kept\n');
  assert.equal(shmMounts().length, 1);
  await engine.remove('donor');
  assert.deepEqual(await settled(engine.daemon, []), []);
  assert.deepEqual(shmMounts(), []);
});

test('a guest keeps the shared memory of a donor that has ended', async () => {
  await engine.run('donor', KEEPER, { IpcMode: 'shareable' });
  await engine.run('guest', SLEEP, { IpcMode: 'container:donor' });
  await engine.expect(204, 'POST', '/containers/donor/kill');
  await engine.wait('donor');
  assert.equal(await engine.exec('guest', 'cat /dev/shm/f'), 'kept\n');
  await engine.remove('donor');
  await engine.remove('guest');
});

test('a container that was not asked to shares nothing and mounts nothing on the host', async () => {
  await engine.run('plain', SLEEP);
  assert.deepEqual(shmMounts(), []);
  await engine.remove('plain');
});

test('default modes of the daemon', async () => {
  await engine.daemon.stop();
  await engine.daemon.start({ args: ['--default-ipc-mode', 'shareable', '--default-cgroupns-mode', 'private'] });
  await engine.run('plain', SLEEP);
  const { HostConfig } = await engine.inspect('plain');
  assert.deepEqual([HostConfig.IpcMode, HostConfig.CgroupnsMode], ['shareable', 'private']);
  assert.equal(shmMounts().length, 1);
  await engine.remove('plain');
  await engine.daemon.stop();
  await engine.daemon.start();
});

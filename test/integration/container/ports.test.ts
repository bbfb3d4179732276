import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { settled } from '../../harness/invariants.ts';
import { Engine, eventually } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const SLEEP = ['sleep', '1000'];

/** The ports that are taken for a container, read past the engine. */
function reserved(id: string): number[] {
  const db = new DatabaseSync(join(engine.daemon.dataRoot, 'gantry.db'), { readOnly: true, timeout: 5000 });
  try {
    const rows = db.prepare('SELECT DISTINCT host_port FROM published_ports WHERE container_id = ?').all(id);
    return rows.map((row) => row.host_port as number);
  } finally {
    db.close();
  }
}

/** Starts a container and lets somebody else take its port between the engine's look and the monitor's. */
async function overtaken(name: string, binding: object): Promise<{ status: number; lost: number; published: string }> {
  const id = await engine.create(name, SLEEP, { NetworkMode: 'bridge', PortBindings: { '80/tcp': [binding] } }, PORTS);
  await eventually('a monitor', async () => engine.monitorOf(id) > 0);
  const monitor = engine.monitorOf(id);
  process.kill(monitor, 'SIGSTOP');
  const starting = engine.call('POST', `/containers/${name}/start`);
  await eventually('a port', async () => reserved(id).length > 0);
  const lost = reserved(id)[0]!;
  const thief = createServer().listen(lost, '0.0.0.0');
  await new Promise((resolve) => thief.once('listening', resolve));
  process.kill(monitor, 'SIGCONT');
  const { status } = await starting;
  thief.close();
  const { NetworkSettings } = (await engine.expect(200, 'GET', `/containers/${name}/json`)) as {
    NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> };
  };
  const published = NetworkSettings.Ports['80/tcp']?.[0]?.HostPort ?? '';
  await engine.remove(name);
  return { status, lost, published };
}

const PORTS = { ExposedPorts: { '80/tcp': {} } };

test('a port of the choice of the engine that somebody takes meanwhile is chosen again', async () => {
  const { status, lost, published } = await overtaken('chosen', { HostPort: '' });
  assert.equal(status, 204);
  assert.ok(Number(published) > 0 && Number(published) !== lost, published);
  assert.deepEqual(await settled(engine.daemon, []), []);
});

test('so is one of a range', async () => {
  const { status, lost, published } = await overtaken('ranged', { HostPort: '28471-28479' });
  assert.deepEqual([status, lost, published], [204, 28471, '28472']);
});

test('one that was asked for is not', async () => {
  const { status, lost } = await overtaken('given', { HostPort: '28481' });
  assert.deepEqual([status, lost], [500, 28481]);
  assert.deepEqual(await settled(engine.daemon, []), []);
});

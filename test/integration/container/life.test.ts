import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Engine, eventually } from './engine.ts';

interface Networked {
  readonly NetworkSettings: {
    readonly Gateway: string;
    readonly IPAddress: string;
    readonly Ports: Readonly<Record<string, { readonly HostPort: string }[]>>;
  };
}

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const SLEEP = ['sleep', '1000'];
const isGone = async (name: string) => (await engine.call('GET', `/containers/${name}/json`)).status === 404;

test('a life from create to remove, with events in the order of Docker', async () => {
  const id = await engine.create('life', ['sh', '-c', 'exit 7'], { NetworkMode: 'bridge' });
  assert.equal((await engine.state('life')).Status, 'created');
  const wait = engine.wait('life', 'next-exit');
  await engine.expect(204, 'POST', '/containers/life/start');
  assert.equal(await wait, 7);
  const { Status, ExitCode, Pid } = await engine.state('life');
  assert.deepEqual([Status, ExitCode, Pid], ['exited', 7, 0]);
  await engine.expect(204, 'DELETE', '/containers/life');
  assert.ok(await isGone('life'));
  assert.deepEqual(await engine.events(id), [
    'create',
    'network connect',
    'start',
    'network disconnect',
    'die',
    'destroy',
  ]);
});

test('stop, kill, pause, restart and their events', async () => {
  const id = await engine.run('verbs', SLEEP);
  await engine.expect(304, 'POST', '/containers/verbs/start');
  await engine.expect(204, 'POST', '/containers/verbs/pause');
  assert.equal((await engine.state('verbs')).Status, 'paused');
  await engine.expect(409, 'POST', '/containers/verbs/start');
  await engine.expect(204, 'POST', '/containers/verbs/unpause');
  const before = (await engine.state('verbs')).Pid;
  await engine.expect(204, 'POST', '/containers/verbs/restart?t=0');
  assert.notEqual((await engine.state('verbs')).Pid, before);
  await engine.expect(204, 'POST', '/containers/verbs/stop?t=0');
  await engine.expect(304, 'POST', '/containers/verbs/stop');
  assert.equal((await engine.state('verbs')).ExitCode, 137);
  await engine.expect(204, 'POST', '/containers/verbs/start');
  await engine.expect(204, 'POST', '/containers/verbs/kill');
  const end = ['network disconnect', 'die'];
  const seen = await engine.events(id);
  assert.deepEqual(seen.slice(3, 5), ['pause', 'unpause']);
  assert.deepEqual(seen.slice(-2), end);
  const restart = seen.slice(5, seen.indexOf('restart') + 1);
  assert.deepEqual(restart.slice(-3), ['network connect', 'start', 'restart']);
  assert.deepEqual(restart.slice(0, -3).at(-1), 'die');
  await engine.expect(204, 'DELETE', '/containers/verbs');
});

test('a stop thaws a paused container', async () => {
  await engine.run('frozen', ['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.05; done']);
  await engine.expect(204, 'POST', '/containers/frozen/pause');
  await engine.expect(204, 'POST', '/containers/frozen/stop?t=5');
  assert.equal((await engine.state('frozen')).ExitCode, 3);
  await engine.expect(204, 'DELETE', '/containers/frozen');
});

test('a command that is not there leaves the container created, with code and reason', async () => {
  await engine.create('absent', ['nosuch']);
  const { message } = (await engine.expect(400, 'POST', '/containers/absent/start')) as { message: string };
  assert.match(message, /exec: "nosuch": executable file not found in \$PATH$/);
  const { Status, ExitCode, Error: reason } = await engine.state('absent');
  assert.deepEqual([Status, ExitCode, reason], ['created', 127, message]);
  await engine.expect(204, 'DELETE', '/containers/absent');
});

test('--rm removes after the end and after a failed start, volumes without a name included', async () => {
  await engine.create('once', ['true'], { AutoRemove: true }, { Volumes: { '/data': {} } });
  const { Mounts } = (await engine.expect(200, 'GET', '/containers/once/json')) as { Mounts: { Name: string }[] };
  const removed = engine.wait('once', 'removed');
  await engine.expect(204, 'POST', '/containers/once/start');
  assert.equal(await removed, 0);
  assert.ok(await isGone('once'));
  await engine.expect(404, 'GET', `/volumes/${Mounts[0]!.Name}`);
  await engine.create('failing', ['nosuch'], { AutoRemove: true });
  await engine.expect(400, 'POST', '/containers/failing/start');
  await eventually('removed after the failed start', () => isGone('failing'));
});

test('on-failure restarts as often as it says', async () => {
  await engine.run('retry', ['sh', '-c', 'exit 4'], {
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
  });
  await eventually('three lives', async () => {
    const body = (await engine.expect(200, 'GET', '/containers/retry/json')) as { RestartCount: number };
    return body.RestartCount === 2 && (await engine.state('retry')).Status === 'exited';
  });
  assert.equal((await engine.state('retry')).ExitCode, 4);
  await engine.expect(204, 'DELETE', '/containers/retry');
});

test('a stop between two lives ends the restarts', async () => {
  await engine.run('crash-loop', ['false'], { RestartPolicy: { Name: 'always' } });
  await eventually('waiting for its next life', async () => (await engine.state('crash-loop')).Status === 'restarting');
  await engine.expect(204, 'POST', '/containers/crash-loop/stop?t=0');
  assert.equal((await engine.state('crash-loop')).Status, 'exited');
  await engine.expect(204, 'DELETE', '/containers/crash-loop');
});

test('a healthcheck turns unhealthy and healthy again, and tells so once each', async () => {
  const id = await engine.run(
    'sick',
    SLEEP,
    {},
    {
      Healthcheck: { Test: ['CMD-SHELL', 'test -e /tmp/ok'], Interval: 100e6, Retries: 2 },
    },
  );
  const is = (status: string) => async () => (await engine.state('sick')).Health?.Status === status;
  assert.equal((await engine.state('sick')).Health?.Status, 'starting');
  await eventually('unhealthy', is('unhealthy'));
  const { Id } = (await engine.expect(201, 'POST', '/containers/sick/exec', { Cmd: ['touch', '/tmp/ok'] })) as {
    Id: string;
  };
  await engine.expect(200, 'POST', `/exec/${Id}/start`, { Detach: true });
  await eventually('healthy', is('healthy'));
  await engine.expect(204, 'DELETE', '/containers/sick?force=1');
  const told = (await engine.events(id)).filter((action) => action.startsWith('health_status'));
  assert.deepEqual(told, ['health_status: unhealthy', 'health_status: healthy']);
});

test('names are taken as long as the container is there, and freed with it', async () => {
  const id = await engine.create('taken', ['true']);
  const again = await engine.call('POST', '/containers/create?name=taken', { Image: 'conformance' });
  assert.equal(again.status, 409);
  assert.deepEqual(again.body, {
    message: `Conflict. The container name "/taken" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
  });
  await engine.expect(204, 'POST', '/containers/taken/rename?name=freed');
  await engine.create('taken', ['true']);
  for (const name of ['taken', 'freed']) await engine.expect(204, 'DELETE', `/containers/${name}`);
});

test('a container over its memory limit is killed, and says so', async () => {
  await engine.run('greedy', ['sh', '-c', 'a=x; while :; do a=$a$a; done'], { Memory: 8 << 20 });
  assert.equal(await engine.wait('greedy'), 137);
  assert.equal((await engine.state('greedy')).OOMKilled, true);
  await engine.expect(204, 'DELETE', '/containers/greedy');
});

test('all that a life writes is there since its StartedAt', async () => {
  await engine.create('prompt', ['echo', 'here']);
  for (let life = 0; life < 5; life++) {
    await engine.expect(204, 'POST', '/containers/prompt/start');
    await engine.wait('prompt');
    const since = Date.parse((await engine.state('prompt')).StartedAt) / 1000;
    const log = String(await engine.expect(200, 'GET', `/containers/prompt/logs?stdout=1&since=${since}`));
    assert.match(log, /here/);
  }
  await engine.expect(204, 'DELETE', '/containers/prompt');
});

test('who gets the address of a container that has just gone is reached at once', async () => {
  const ExposedPorts = { '80/tcp': {} };
  const publish = { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '' }] } };
  const serve = async (name: string) => {
    await engine.run(name, ['httpd', '-f', '-p', '80', '-h', '/etc'], publish, { ExposedPorts });
    const { NetworkSettings } = (await engine.expect(200, 'GET', `/containers/${name}/json`)) as Networked;
    const { Gateway, IPAddress, Ports } = NetworkSettings;
    // By the gateway's address, so that the kernel asks for the container's hardware address.
    const url = `http://${Gateway}:${Ports['80/tcp']![0]!.HostPort}/group`;
    await eventually('it serves', () =>
      fetch(url, { signal: AbortSignal.timeout(2000) }).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    await engine.expect(204, 'DELETE', `/containers/${name}?force=1`);
    return IPAddress;
  };
  // A bridge that nobody is at forgets its neighbours.
  await engine.run('bystander', SLEEP, { NetworkMode: 'bridge' });
  const first = await serve('heir-1');
  for (let life = 2; life < 6; life++) {
    const began = Date.now();
    const address = await serve(`heir-${life}`);
    if (address === first) assert.ok(Date.now() - began < 2000, 'it was not reached at once');
  }
  await engine.expect(204, 'DELETE', '/containers/bystander?force=1');
});

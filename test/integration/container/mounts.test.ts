import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api } from '../../harness/api.ts';
import { settled } from '../../harness/invariants.ts';
import type { Inspected } from './engine.ts';
import { Engine, IMAGE } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const SLEEP = ['sleep', '1000'];
const volumePath = (name: string) => join(engine.daemon.dataRoot, 'volumes', name, '_data');
const isMounted = (path: string) => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `);
const makeVolume = (Name: string, DriverOpts: object = {}) =>
  engine.expect(201, 'POST', '/volumes/create', { Name, DriverOpts });
const dropVolume = (name: string) => engine.expect(204, 'DELETE', `/volumes/${name}`);

test('a bind does not lift the restrictions of the mount it is made from', async () => {
  const folder = join(engine.daemon.folder, 'restricted');
  mkdirSync(folder);
  execFileSync('mount', ['--bind', folder, folder]);
  try {
    execFileSync('mount', ['-o', 'remount,bind,ro,nosuid,nodev,noexec', folder]);
    const script = "touch /m/x 2>&1; grep ' /m ' /proc/mounts | cut -d' ' -f4 | cut -d, -f1-4";
    for (const options of ['', ':ro']) {
      assert.equal(
        await engine.output(script, { Binds: [`${folder}:/m${options}`] }),
        'touch: /m/x: Read-only file system\nro,nosuid,nodev,noexec\n',
      );
    }
  } finally {
    execFileSync('umount', [folder]);
  }
});

test("what lies around the daemon's folder is bound so that it keeps no mount of it busy", async () => {
  const { dataRoot } = engine.daemon;
  const create = (status: number, HostConfig: object) =>
    engine.expect(status, 'POST', '/containers/create', { Image: IMAGE, Cmd: SLEEP, HostConfig });
  for (const source of [dataRoot, join(dataRoot, 'containers'), '/']) {
    const { Id } = (await create(201, { Binds: [`${source}:/m`] })) as { Id: string };
    const { Mounts } = (await engine.expect(200, 'GET', `/containers/${Id}/json`)) as Inspected;
    assert.equal(Mounts[0]?.Propagation, 'rslave', source);
    for (const word of ['private', 'rprivate', 'slave', 'shared']) {
      const { message } = (await create(400, { Binds: [`${source}:/m:${word}`] })) as { message: string };
      assert.match(message, /^invalid mount config: must use either propagation mode "rslave" or "rshared" when mount/);
    }
  }
});

test('a read-only bind leaves what is mounted below it writable for clients before 1.44', async () => {
  const folder = join(engine.daemon.folder, 'outer');
  mkdirSync(join(folder, 'below'), { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, 'below')]);
  try {
    for (const [version, wanted] of [
      ['1.43', 'rw'],
      ['1.44', 'ro'],
    ] as const) {
      const Cmd = ['sh', '-c', "grep ' /m/below ' /proc/mounts | cut -d' ' -f4 | cut -d, -f1"];
      const body = { Image: IMAGE, Cmd, Tty: true, HostConfig: { Binds: [`${folder}:/m:ro`], NetworkMode: 'none' } };
      const made = await api(engine.daemon.socket, 'POST', `/v${version}/containers/create`, body);
      const { Id } = made.body as { Id: string };
      await engine.expect(204, 'POST', `/containers/${Id}/start`);
      await engine.wait(Id);
      assert.equal((await engine.logs(Id)).replace(/[\r\n]/g, ''), wanted, version);
    }
  } finally {
    execFileSync('umount', [join(folder, 'below')]);
  }
});

test('nothing is mounted over the files of /proc that confine a container', async () => {
  for (const [name, Binds, Volumes] of [
    ['bound', ['/etc:/proc/self/attr'], {}],
    ['volume', [], { '/proc/sys': {} }],
  ] as const) {
    await engine.create(`over-${name}`, SLEEP, { Binds }, { Volumes });
    const { message } = (await engine.expect(500, 'POST', `/containers/over-${name}/start`)) as { message: string };
    assert.match(message, /cannot be mounted because it is inside \/proc$/);
  }
  const file = join(engine.daemon.folder, 'uptime');
  writeFileSync(file, '1.00 1.00\n');
  assert.equal(await engine.output('cat /proc/uptime', { Binds: [`${file}:/proc/uptime:ro`] }), '1.00 1.00\n');
});

test('one volume for a path however it is written, and none of an image in those of another container', async () => {
  await engine.run('written', SLEEP, {}, { Volumes: { '/data': {}, '/data/': {}, '/bin': {} } });
  const { Mounts } = (await engine.expect(200, 'GET', '/containers/written/json')) as Inspected;
  assert.deepEqual(Mounts.map(({ Destination }) => Destination).sort(), ['/bin', '/data']);
  await makeVolume('bare');
  await engine.create('holder', SLEEP, {
    Mounts: [{ Type: 'volume', Source: 'bare', Target: '/etc', VolumeOptions: { NoCopy: true } }],
  });
  assert.equal(
    await engine.output('ls /etc/passwd 2>&1 | wc -l; ls /etc | grep -c passwd', { VolumesFrom: ['holder'] }),
    '1\n0\n',
  );
});

test('a link that is swapped while containers start never leads out of the volume', async () => {
  await makeVolume('swapped');
  await engine.run('swapper', ['sh', '-c', SWAP], { Binds: ['swapped:/v'] });
  const outcomes = new Set<string>();
  const Mounts = [{ Type: 'volume', Source: 'swapped', Target: '/m', VolumeOptions: { Subpath: 'a' } }];
  for (let n = 0; n < 30; n++) {
    await engine.create('looks', ['sh', '-c', 'cat /m/passwd 2> /dev/null; cat /m/inside'], { Mounts });
    const { status } = await engine.call('POST', '/containers/looks/start');
    if (status === 204) {
      await engine.wait('looks');
      outcomes.add(await engine.logs('looks'));
    } else {
      outcomes.add(String(status));
    }
    await engine.remove('looks');
  }
  await engine.remove('swapper');
  await dropVolume('swapped');
  assert.deepEqual(
    [...outcomes].filter((outcome) => !['inside\n', '400', '404'].includes(outcome)),
    [],
  );
  assert.ok(outcomes.has('inside\n'), [...outcomes].join());
});

/** `a` is a folder and a link to /etc in turn, as fast as it goes. */
const SWAP = `mkdir /v/a; echo inside > /v/a/inside; ln -s /etc /v/link
while true; do mv /v/a /v/dir; mv /v/link /v/a; mv /v/a /v/link; mv /v/dir /v/a; sleep 0.005; done`;

test('a volume that is mounted on use is mounted as long as it is used, whatever becomes of the daemon', async () => {
  await makeVolume('temporary', { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' });
  const path = volumePath('temporary');
  await engine.run('one', ['sh', '-c', 'echo kept > /m/f; exec sleep 1000'], { Binds: ['temporary:/m'] });
  assert.equal(isMounted(path), true);
  await engine.daemon.stop('SIGKILL');
  await engine.daemon.start();
  assert.equal(await engine.output('cat /m/f', { Binds: ['temporary:/m'] }), 'kept\n');
  assert.equal(isMounted(path), true);
  const { Pid } = await engine.state('one');
  await engine.daemon.stop();
  process.kill(Pid, 'SIGKILL');
  await engine.daemon.start();
  await engine.remove('one');
  assert.deepEqual(await settled(engine.daemon, []), []);
  assert.equal(isMounted(path), false);
  await dropVolume('temporary');
});

test('what a volume binds survives the removal of volume and engine', async () => {
  const folder = join(engine.daemon.folder, 'kept');
  mkdirSync(folder);
  writeFileSync(join(folder, 'file'), 'kept');
  await makeVolume('bound', { type: 'none', device: folder, o: 'bind' });
  assert.equal(await engine.output('cat /m/file', { Binds: ['bound:/m'] }), 'kept');
  await dropVolume('bound');
  assert.deepEqual(readdirSync(folder), ['file']);
  await makeVolume('bound', { type: 'none', device: folder, o: 'bind' });
  await engine.run('user', SLEEP, { Binds: ['bound:/m'] });
  await engine.daemon.purge();
  assert.deepEqual(readdirSync(folder), ['file']);
  assert.equal(existsSync(volumePath('bound')), false);
  await engine.daemon.start();
});

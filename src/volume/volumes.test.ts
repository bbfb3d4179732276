import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Events } from '#events';
import { nullLog } from '#log';
import { Store } from '#store';
import { Volumes } from './index.ts';

async function fresh() {
  const root = await mkdtemp(join(tmpdir(), 'gantry-volume-'));
  const store = Store.open(':memory:');
  const users = new Map<string, string[]>();
  const usage = { containersUsing: (name: string) => (users.get(name) ?? []).map((id) => ({ id })) };
  const options = { root, store, events: new Events(store), usage, log: nullLog, mounter: '/nonexistent' };
  return {
    root,
    store,
    users,
    options,
    volumes: new Volumes(options),
    actions: () =>
      store
        .prepare('SELECT message FROM events ORDER BY seq')
        .all()
        .map((row) => JSON.parse(row.message as string))
        .map(({ Action, Actor }) => `${Action} ${Actor.ID}`),
    [Symbol.asyncDispose]: async () => {
      store[Symbol.dispose]();
      await rm(root, { recursive: true });
    },
  };
}

test('create makes the folder and the row once; the first one counts', async () => {
  await using all = await fresh();
  const first = all.volumes.create({ Name: 'v1', Labels: { a: 'b' } });
  assert.deepEqual(
    { ...first, CreatedAt: '' },
    {
      CreatedAt: '',
      Driver: 'local',
      Labels: { a: 'b' },
      Mountpoint: join(all.root, 'v1', '_data'),
      Name: 'v1',
      Options: null,
      Scope: 'local',
    },
  );
  assert.match(first.CreatedAt!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(all.volumes.create({ Name: 'v1', Labels: { a: 'c' } }), first);
  assert.equal(existsSync(first.Mountpoint), true);
  assert.deepEqual(all.actions(), ['create v1']);
});

test('without a name it is anonymous', async () => {
  await using all = await fresh();
  const { Name, Labels } = all.volumes.create({});
  assert.match(Name, /^[0-9a-f]{64}$/);
  assert.deepEqual(Labels, { 'com.docker.volume.anonymous': '' });
});

const BAD: readonly [request: object, message: string][] = [
  [{ Name: 'a' }, 'create a: volume name is too short, names should be at least two alphanumeric characters'],
  ...['a b', '-x', 'a/b', '..', '.trash'].map((name): [object, string] => [
    { Name: name },
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  ]),
  [{ Name: 'v2', Driver: 'nosuch' }, 'create v2: error looking up volume plugin nosuch: plugin "nosuch" not found'],
  [{ Name: 'v3', DriverOpts: { foo: 'bar' } }, 'create v3: invalid option: "foo"'],
  [{ Name: 'v3', DriverOpts: { type: 'tmpfs' } }, 'create v3: missing required option: "device"'],
  [{ Name: 'v5', DriverOpts: { device: '/x' } }, 'create v5: missing required option: "type"'],
  [{ Name: 'v6', DriverOpts: { o: 'size=1m' } }, 'create v6: missing required option: "device"'],
  [{ Name: 'v7', DriverOpts: { size: '1m' } }, 'create v7: quota size requested but no quota support'],
  [{ Name: 'v9', DriverOpts: { size: 'zz' } }, "create v9: invalid size: 'zz'"],
];

test("what is no volume is refused in Docker's words, and leaves no folder", async () => {
  await using all = await fresh();
  for (const [request, message] of BAD) assert.throws(() => all.volumes.create(request), { message });
  assert.deepEqual(all.volumes.list().Volumes, []);
  assert.deepEqual(await readdir(all.root), ['.trash']);
});

test('driver options name what is mounted on use', async () => {
  await using all = await fresh();
  all.volumes.create({ Name: 'host', DriverOpts: { type: 'none', device: '/srv/x', o: 'bind,ro' } });
  all.volumes.create({ Name: 'plain' });
  all.volumes.create({ Name: 'tmp', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } });
  const mounted = ['host', 'plain', 'tmp'].filter((name) => all.volumes.needsMount(name));
  assert.deepEqual(mounted, ['host', 'tmp']);
});

test('remove: unknown, in use, forced, and then it is gone with whatever is in it', async () => {
  await using all = await fresh();
  await assert.rejects(all.volumes.remove('nosuch'), { message: 'get nosuch: no such volume', kind: 'not-found' });
  await all.volumes.remove('nosuch', true);
  all.volumes.create({ Name: 'v1' });
  const data = Buffer.from(`${all.volumes.path('v1')}/`);
  await writeFile(Buffer.concat([data, Buffer.from([0x63, 0xe9])]), 'not UTF-8');
  all.users.set('v1', ['aa', 'bb']);
  const message = 'remove v1: volume is in use - [aa, bb]';
  await assert.rejects(all.volumes.remove('v1'), { message, kind: 'conflict' });
  await assert.rejects(all.volumes.remove('v1', true), { message });
  all.users.clear();
  await all.volumes.remove('v1');
  assert.equal(all.volumes.exists('v1'), false);
  assert.deepEqual(await readdir(all.root), ['.trash']);
  assert.deepEqual(await readdir(join(all.root, '.trash')), []);
  assert.deepEqual(all.actions(), ['create v1', 'destroy v1']);
});

test('filters of list', async () => {
  await using all = await fresh();
  for (const Name of ['v1', 'v10', 'web']) all.volumes.create({ Name, ...(Name === 'v1' && { Labels: { a: 'b' } }) });
  all.users.set('web', ['x']);
  const names = (filters: Record<string, string[]>) => all.volumes.list(filters).Volumes.map(({ Name }) => Name);
  assert.deepEqual(names({}), ['v1', 'v10', 'web']);
  assert.deepEqual(names({ name: ['v1'] }), ['v1', 'v10']);
  assert.deepEqual(names({ name: ['['] }), []);
  assert.deepEqual(names({ label: ['a'] }), ['v1']);
  assert.deepEqual(names({ dangling: ['true'] }), ['v1', 'v10']);
  assert.deepEqual(names({ dangling: ['0'] }), ['web']);
  assert.deepEqual(names({ driver: ['x'] }), []);
  assert.throws(() => names({ dangling: ['x'] }), { message: "invalid filter 'dangling=[x]'" });
  assert.throws(() => names({ foo: ['x'] }), { message: "invalid filter 'foo'" });
});

test('prune takes unused anonymous volumes, with all the named ones, never one with options', async () => {
  await using all = await fresh();
  const anonymous = all.volumes.create({}).Name;
  for (const Name of ['used', 'free', 'labelled'])
    all.volumes.create({ Name, ...(Name === 'labelled' && { Labels: { a: 'b' } }) });
  all.volumes.create({ Name: 'opts', DriverOpts: { type: 'none', device: '/srv', o: 'bind' } });
  all.users.set('used', ['x']);
  await writeFile(join(all.volumes.path(anonymous), 'f'), '12345');
  assert.deepEqual(await all.volumes.prune(), { VolumesDeleted: [anonymous], SpaceReclaimed: 5 });
  assert.deepEqual(await all.volumes.prune(), { VolumesDeleted: [], SpaceReclaimed: 0 });
  assert.deepEqual((await all.volumes.prune({ all: ['true'], 'label!': ['a'] })).VolumesDeleted, ['free']);
  assert.deepEqual((await all.volumes.prune({ all: ['1'], label: ['a'] })).VolumesDeleted, ['labelled']);
  await assert.rejects(all.volumes.prune({ dangling: ['true'] }), { message: "invalid filter 'dangling'" });
  await assert.rejects(all.volumes.prune({ all: ['x'] }), {
    message: `invalid filter 'all': strconv.ParseBool: parsing "x": invalid syntax`,
  });
  assert.deepEqual(
    all.volumes.list().Volumes.map(({ Name }) => Name),
    ['opts', 'used'],
  );
});

test('a create that is rolled back leaves nothing after the next start, a row without a folder gets one', async () => {
  await using all = await fresh();
  const undone = () =>
    all.store.tx(() => {
      all.volumes.create({ Name: 'undone' });
      throw new Error('no');
    });
  assert.throws(undone, /no/);
  assert.equal(all.volumes.exists('undone'), false);
  all.volumes.create({ Name: 'kept' });
  await rm(join(all.root, 'kept'), { recursive: true });
  await mkdir(join(all.root, '.trash', 'left'));
  const next = new Volumes(all.options);
  assert.deepEqual(await next.recover(), ['undone']);
  assert.deepEqual((await readdir(all.root)).sort(), ['.trash', 'kept']);
  assert.deepEqual(await readdir(join(all.root, '.trash')), []);
  assert.deepEqual(await next.recover(), []);
});

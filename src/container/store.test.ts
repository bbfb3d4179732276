import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store } from '#store';
import type { ContainerSpec } from './record.ts';
import type { NewContainer } from './store.ts';
import { ContainerRows } from './store.ts';

const A = 'a'.repeat(64);
const B = `ab${'0'.repeat(62)}`;
const process = { pid: 42, startTime: 7, bootId: 'boot' };

function open() {
  const store = Store.open(':memory:');
  const rows = new ContainerRows(store);
  let created = 1_700_000_000_000_000_000n;
  const insert = (id: string, name: string, { mounts = [], links = [] }: Partial<NewContainer> = {}) =>
    store.tx(() =>
      rows.insert({
        id,
        name,
        createdNano: created++,
        imageId: 'sha256:1',
        spec: { config: {}, hostConfig: {} } as unknown as ContainerSpec,
        mounts,
        links,
      }),
    );
  return { store, rows, insert };
}

test('a reference is a full id, then a name, then the beginning of an id', () => {
  const { rows, insert } = open();
  insert(A, 'web');
  insert(B, 'aaa');
  assert.equal(rows.resolve(A), A);
  assert.equal(rows.resolve('web'), A);
  assert.equal(rows.resolve('/web'), A);
  assert.equal(rows.resolve('aaa'), B);
  assert.equal(rows.resolve('aaaa'), A);
  assert.equal(rows.resolve('ab'), B);
  assert.throws(() => rows.resolve('a'), {
    message: 'multiple IDs found with provided prefix: a',
    kind: 'invalid-argument',
  });
  assert.throws(() => rows.resolve('nosuch'), { message: 'No such container: nosuch', kind: 'not-found' });
});

test('a link gives a name that follows its container and ends with either of the two', () => {
  const { store, rows, insert } = open();
  insert(A, 'db');
  insert(B, 'web', { links: [{ alias: 'mysql', linkedId: A }] });
  assert.equal(rows.resolve('web/mysql'), A);
  store.tx(() => rows.rename(B, 'site'));
  assert.equal(rows.resolve('/site/mysql'), A);
  assert.deepEqual(rows.links(), [{ container: 'site', alias: 'mysql', linkedId: A }]);
  assert.deepEqual([rows.linkedTo(A), rows.linkedTo(B)], [[B], []]);
  assert.throws(() => rows.resolve('web/mysql'), /No such container/);
  assert.equal(rows.dropLink('/site/mysql'), true);
  assert.equal(rows.dropLink('site/mysql'), false);
  assert.equal(rows.dropLink('/site'), false);
});

test('a name is held by one container, from its create on', () => {
  const { store, rows, insert } = open();
  insert(A, 'web');
  const taken = {
    message: `Conflict. The container name "/web" is already in use by container "${A}". You have to remove (or rename) that container to be able to reuse that name.`,
    kind: 'conflict',
  };
  assert.throws(() => insert(B, 'web'), taken);
  insert(B, 'db');
  assert.throws(() => store.tx(() => rows.rename(B, 'web')), taken);
  store.tx(() => rows.delete(A));
  store.tx(() => rows.rename(B, 'web'));
  assert.equal(rows.resolve('web'), B);
});

test('a container whose create is under way holds its name, but is not shown', () => {
  const { store, rows, insert } = open();
  insert(A, 'web');
  store.tx(() => rows.begin(A, 'create', 'boot'));
  assert.throws(() => rows.resolve('web'), { kind: 'not-found' });
  assert.throws(() => rows.resolve(A), { kind: 'not-found' });
  assert.deepEqual(rows.list(), []);
  assert.equal(rows.everything().length, 1);
  assert.equal(rows.holderOf('web'), A);
  store.tx(() => rows.end(A));
  assert.equal(rows.list().length, 1);
});

test('a record comes back as it was changed', () => {
  const { store, rows, insert } = open();
  insert(A, 'web');
  store.tx(() => {
    rows.change(A, { phase: { status: 'running', process }, startedAt: 'then', oomKilled: true, restartCount: 2 });
    rows.begin(A, 'stop', 'boot', { timeout: 5 });
  });
  const record = rows.get(A)!;
  assert.deepEqual(record.phase, { status: 'running', process });
  assert.deepEqual(
    [record.status, record.startedAt, record.oomKilled, record.restartCount],
    ['running', 'then', true, 2],
  );
  assert.deepEqual(record.operation, { verb: 'stop', bootId: 'boot', detail: { timeout: 5 } });
  store.tx(() => rows.change(A, { phase: { status: 'exited' }, exitCode: 3 }));
  assert.deepEqual(rows.get(A)!.phase, { status: 'exited' });
  assert.throws(() => store.tx(() => rows.change(A, { phase: { status: 'nosuch' } as never })), /CHECK/);
});

test('the mounts are the use of a volume', () => {
  const { store, rows, insert } = open();
  const mount = {
    type: 'volume',
    destination: '/b',
    source: '/v',
    name: 'vol',
    mode: 'z',
    rw: true,
    propagation: '',
  } as const;
  insert(A, 'web', { mounts: [mount, { ...mount, destination: '/a' }] });
  assert.deepEqual(rows.containersUsingVolume('vol'), [{ id: A, name: 'web', running: false }]);
  assert.deepEqual(
    rows.get(A)!.mounts.map(({ destination }) => destination),
    ['/b', '/a'],
  );
  store.tx(() => rows.delete(A));
  assert.deepEqual(rows.containersUsingVolume('vol'), []);
});

test('lists begin with the newest', () => {
  const { rows, insert } = open();
  insert(A, 'old');
  insert(B, 'new');
  assert.deepEqual(
    rows.list().map(({ name }) => name),
    ['new', 'old'],
  );
});

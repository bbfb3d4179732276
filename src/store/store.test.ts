import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Store } from './index.ts';
import { migrations } from './migrate.ts';

function onDisk(): { path: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-store-'));
  return { path: join(folder, 'gantry.db'), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

const insert = "INSERT INTO events (time_nano, message) VALUES (1, '{}')";
const count = (store: Store) => store.prepare('SELECT count(*) AS n FROM events').get()?.n;

test('a transaction is all or nothing, and tells only after its commit', () => {
  using store = Store.open(':memory:');
  const told: string[] = [];
  assert.throws(
    () =>
      store.tx(() => {
        store.prepare(insert).run();
        store.afterCommit(() => told.push('rolled back'));
        throw new Error('no');
      }),
    /no/,
  );
  assert.equal(count(store), 0);
  store.tx(() => {
    store.prepare(insert).run();
    store.tx(() => store.prepare(insert).run());
    store.afterCommit(() => told.push(`committed ${count(store)}`));
  });
  assert.deepEqual(told, ['committed 2']);
});

test('what is committed and durable is there after reopening', async () => {
  using file = onDisk();
  {
    using store = Store.open(file.path);
    store.tx(() => store.prepare(insert).run());
    await store.durable();
  }
  using again = Store.open(file.path);
  await again.durable();
  again.tx(() => again.prepare(insert).run());
  await Promise.all([again.durable(), again.durable()]);
  assert.equal(count(again), 2);
});

test('migrations are numbered without a gap', () => {
  assert.ok(migrations().length >= 1);
});

test('a database of a newer build is refused', () => {
  using file = onDisk();
  {
    using store = Store.open(file.path);
    store.prepare('PRAGMA user_version = 9999').run();
  }
  assert.throws(() => Store.open(file.path), /start a newer gantryd/);
});

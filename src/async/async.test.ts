import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadline, delay, KeyedMutex, Semaphore, singleFlight } from './index.ts';

test('a keyed mutex admits one holder per key, in order, and forgets idle keys', async () => {
  const mutex = new KeyedMutex();
  const order: string[] = [];
  const work = async (key: string, name: string) => {
    using _ = await mutex.lock(key);
    order.push(`+${name}`);
    await delay(2);
    order.push(`-${name}`);
  };
  await Promise.all([work('a', '1'), work('a', '2'), work('b', '3')]);
  assert.deepEqual(
    order.filter((o) => !o.endsWith('3')),
    ['+1', '-1', '+2', '-2'],
  );
  assert.equal(mutex.isLocked('a'), false);
});

test('a waiter that is aborted leaves the queue and the lock usable', async () => {
  const mutex = new KeyedMutex();
  const held = await mutex.lock('a');
  const gone = new AbortController();
  const waiting = mutex.lock('a', gone.signal);
  gone.abort(new Error('client gone'));
  await assert.rejects(waiting, /client gone/);
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  using _ = await mutex.lock('a');
  assert.equal(mutex.isLocked('a'), true);
});

test('a semaphore admits its limit', async () => {
  const semaphore = new Semaphore(2);
  const first = await semaphore.acquire();
  await semaphore.acquire();
  let third = false;
  const waiting = semaphore.acquire().then(() => {
    third = true;
  });
  await delay(1);
  assert.equal(third, false);
  first[Symbol.dispose]();
  await waiting;
  assert.equal(third, true);
});

test('single flight shares the work under way', async () => {
  const flights = new Map<string, Promise<number>>();
  let runs = 0;
  const work = async () => {
    await delay(1);
    return ++runs;
  };
  assert.deepEqual(await Promise.all([singleFlight(flights, 'k', work), singleFlight(flights, 'k', work)]), [1, 1]);
  assert.equal(await singleFlight(flights, 'k', work), 2);
});

test('a deadline rejects with its message', async () => {
  await assert.rejects(deadline(new Promise(() => {}), 1, 'monitor did not answer'), /monitor did not answer/);
});

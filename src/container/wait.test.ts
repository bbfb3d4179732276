import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from './record.ts';
import { endOf, parseCondition, Waiters } from './wait.ts';

const container = (status: Container['status'], exitCode = 0) =>
  ({ id: 'c', status, exitCode, error: '' }) as unknown as Container;
const isSettled = async (promise: Promise<unknown>) =>
  (await Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(resolve))])) === true;

test('who waits for it not to run is answered at once when it does not', async () => {
  const waiters = new Waiters();
  assert.deepEqual(await waiters.wait(container('exited', 4), 'not-running'), { StatusCode: 4 });
  assert.deepEqual(await waiters.wait(container('created'), 'not-running'), { StatusCode: 0 });
  assert.equal(waiters.size, 0);
});

test('the next exit is waited for also by a container that does not run yet', async () => {
  const waiters = new Waiters();
  const next = waiters.wait(container('created'), 'next-exit');
  const removed = waiters.wait(container('created'), 'removed');
  assert.equal(await isSettled(next), false);
  waiters.exited('c', { StatusCode: 3 });
  assert.deepEqual(await next, { StatusCode: 3 });
  assert.equal(await isSettled(removed), false);
  waiters.removed('c', { StatusCode: 3 });
  assert.deepEqual(await removed, { StatusCode: 3 });
  assert.equal(waiters.size, 0);
});

test('an exit is the end of running also where the container comes back', async () => {
  const waiters = new Waiters();
  const end = waiters.wait(container('running'), 'not-running');
  waiters.exited('c', { StatusCode: 1 });
  assert.deepEqual(await end, { StatusCode: 1 });
});

test('a client that has gone is forgotten', () => {
  const waiters = new Waiters();
  const gone = new AbortController();
  void waiters.wait(container('running'), 'removed', gone.signal);
  assert.equal(waiters.size, 1);
  gone.abort();
  assert.equal(waiters.size, 0);
});

test('conditions are three, and none is the first of them', () => {
  assert.equal(parseCondition(''), 'not-running');
  assert.equal(parseCondition('removed'), 'removed');
  assert.throws(() => parseCondition('foo'), { message: 'invalid condition: "foo"', kind: 'invalid-argument' });
});

test('a start that failed is the reason', () => {
  assert.deepEqual(endOf({ exitCode: 127, error: 'no' }), { StatusCode: 127, Error: { Message: 'no' } });
});

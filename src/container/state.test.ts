import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKind } from '#errdefs';
import type { Status, Transition } from './state.ts';
import { allows, next, STATUSES, transitions } from './state.ts';

const subject = (status: Status) => ({ id: 'abc', name: 'web', status });

test('every status can be left, and every one but created is reached by some transition', () => {
  const rows = transitions();
  for (const status of STATUSES) {
    assert.ok(
      rows.some(([from, , to]) => from === status && to !== status),
      `no way out of ${status}`,
    );
    if (status !== 'created') assert.ok(rows.some(([from, , to]) => to === status && from !== status));
  }
});

test('random walks stay inside the table, and illegal steps throw instead of moving', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % below;
  };
  const events = [...new Set(transitions().map(([, event]) => event))];
  const known = new Map(transitions().map(([from, event, to]) => [`${from} ${event}`, to]));
  let status: Status = 'created';
  for (let step = 0; step < 20_000; step++) {
    const event: Transition = events[random(events.length)]!;
    const expected = known.get(`${status} ${event}`);
    if (expected === undefined) assert.throws(() => next(subject(status), event));
    else {
      assert.equal(next(subject(status), event), expected);
      status = expected;
    }
    if (status === 'dead' || status === 'removing') status = 'created';
  }
});

test('refusals are in the words of Docker', () => {
  const cases: [Status, Transition, string, string][] = [
    ['running', 'start', 'not-modified', ''],
    ['paused', 'start', 'conflict', 'cannot start a paused container, try unpause instead'],
    ['dead', 'start', 'conflict', 'container is marked for removal and cannot be started'],
    ['created', 'pause', 'conflict', 'container abc is not running'],
    ['paused', 'pause', 'conflict', 'Container abc is already paused'],
    ['restarting', 'pause', 'conflict', 'Container abc is restarting, wait until the container is running'],
    ['running', 'unpause', 'internal', 'Container abc is not paused'],
    ['exited', 'signal', 'conflict', 'container abc is not running'],
    ['exited', 'stop', 'not-modified', ''],
    [
      'running',
      'remove',
      'conflict',
      'cannot remove container "web": container is running: stop the container before removing or force remove',
    ],
    ['paused', 'remove', 'conflict', 'cannot remove container "web": container is paused and must be unpaused first'],
  ];
  for (const [status, event, kind, message] of cases) {
    assert.throws(
      () => next(subject(status), event),
      (error: Error) => isKind(error, kind as 'conflict') && error.message === message,
      `${status} ${event}`,
    );
  }
});

test('only a container that was not started, or has ended, can be removed or be waiting for another', () => {
  assert.deepEqual(
    STATUSES.filter((status) => allows(status, 'await')),
    ['created', 'exited'],
  );
  assert.deepEqual(
    STATUSES.filter((status) => allows(status, 'remove')),
    ['created', 'exited', 'removing', 'dead'],
  );
});

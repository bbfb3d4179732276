import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ending } from './restart-policy.ts';
import { assertRestartPolicy, restartAfter, startsAtBoot } from './restart-policy.ts';

const ending: Ending = { exitCode: 1, uptimeMs: 0, restartCount: 0, backOffMs: 0, manuallyStopped: false };
const always = { Name: 'always', MaximumRetryCount: 0 };

test('waits double from 100 ms to a minute, and start anew after ten steady seconds', () => {
  const waits: number[] = [];
  let backOffMs = 0;
  for (let n = 0; n < 12; n++) {
    backOffMs = restartAfter(always, { ...ending, backOffMs, restartCount: n })!;
    waits.push(backOffMs);
  }
  assert.deepEqual(waits, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  assert.equal(restartAfter(always, { ...ending, backOffMs: 60_000, uptimeMs: 10_000 }), 100);
  assert.equal(restartAfter(always, { ...ending, backOffMs: 200, uptimeMs: 9_999 }), 400);
});

test('on-failure counts, and only failures count', () => {
  const policy = { Name: 'on-failure', MaximumRetryCount: 2 };
  assert.equal(restartAfter(policy, { ...ending, restartCount: 1 }), 100);
  assert.equal(restartAfter(policy, { ...ending, restartCount: 2 }), undefined);
  assert.equal(restartAfter(policy, { ...ending, exitCode: 0 }), undefined);
  assert.equal(restartAfter({ ...policy, MaximumRetryCount: 0 }, { ...ending, restartCount: 99 }), 100);
});

test('a manual stop ends every policy for this life', () => {
  for (const Name of ['always', 'unless-stopped', 'on-failure']) {
    assert.equal(restartAfter({ Name, MaximumRetryCount: 0 }, { ...ending, manuallyStopped: true }), undefined);
  }
  assert.equal(restartAfter({ Name: 'no', MaximumRetryCount: 0 }, ending), undefined);
  assert.equal(restartAfter({ Name: 'unless-stopped', MaximumRetryCount: 0 }, { ...ending, exitCode: 0 }), 100);
});

test('at a start of the daemon always forgets the manual stop, unless-stopped does not', () => {
  const stopped = { exitCode: 137, manuallyStopped: true };
  assert.equal(startsAtBoot(always, stopped), true);
  assert.equal(startsAtBoot({ Name: 'unless-stopped', MaximumRetryCount: 0 }, stopped), false);
  assert.equal(
    startsAtBoot({ Name: 'unless-stopped', MaximumRetryCount: 0 }, { exitCode: 0, manuallyStopped: false }),
    true,
  );
  assert.equal(
    startsAtBoot({ Name: 'on-failure', MaximumRetryCount: 0 }, { exitCode: 255, manuallyStopped: false }),
    true,
  );
  assert.equal(
    startsAtBoot({ Name: 'on-failure', MaximumRetryCount: 0 }, { exitCode: 0, manuallyStopped: false }),
    false,
  );
});

test('a wrong policy is refused in the words of Docker', () => {
  const refuse = (Name: string, MaximumRetryCount: number, message: string) =>
    assert.throws(() => assertRestartPolicy({ Name, MaximumRetryCount }), { message, kind: 'invalid-argument' });
  refuse(
    'foo',
    0,
    "invalid restart policy: unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
  );
  refuse('on-failure', -1, 'invalid restart policy: maximum retry count cannot be negative');
  refuse('always', 3, "invalid restart policy: maximum retry count can only be used with 'on-failure'");
});

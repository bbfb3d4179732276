import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Health } from './health.ts';
import { freshHealth, isProbed, judge, keptOutput, probeCommand, timings } from './health.ts';

const result = (ExitCode: number) => ({ Start: '', End: '', ExitCode, Output: '' });
const fresh: Health = { Status: 'starting', FailingStreak: 0, Log: [] };
const late = { retries: 3, inStartPeriod: false };

function after(codes: number[], options = late, from: Health = fresh): Health {
  return codes.reduce((health, code) => judge(health, result(code), options), from);
}

test('it is starting until the first success, or until enough failures in a row', () => {
  assert.equal(after([1, 1]).Status, 'starting');
  assert.equal(after([1, 1, 1]).Status, 'unhealthy');
  assert.equal(after([1, 1, 0]).Status, 'healthy');
  assert.equal(after([0, 1, 1]).Status, 'healthy');
  assert.equal(after([0, 1, 1, 1]).Status, 'unhealthy');
  assert.deepEqual([after([0, 1, 1, 1, 0]).Status, after([0, 1, 1, 1, 0]).FailingStreak], ['healthy', 0]);
});

test('failures in the start period do not count, unless it has been healthy', () => {
  const early = { retries: 1, inStartPeriod: true };
  assert.equal(after([1, 1, 1, 1], early).Status, 'starting');
  assert.equal(after([0, 1], early).Status, 'unhealthy');
});

test('the last five results and 4096 bytes of output are kept', () => {
  const { Log } = after([1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(
    Log!.map(({ ExitCode }) => ExitCode),
    [3, 4, 5, 6, 7],
  );
  assert.equal(keptOutput(Buffer.alloc(4096, 'x')).length, 4096);
  assert.equal(keptOutput(Buffer.alloc(4097, 'x')), `${'x'.repeat(4096)}...`);
});

test('timings have the defaults of Docker', () => {
  assert.deepEqual(timings({ Test: ['CMD', 'x'] }), {
    interval: 30_000,
    timeout: 30_000,
    startPeriod: 0,
    startInterval: 5_000,
    retries: 3,
  });
  assert.equal(timings({ Interval: 1_500_000 }).interval, 1.5);
});

test('tests are run as they are, through the shell, or not at all', () => {
  assert.deepEqual(probeCommand(['CMD', 'a', 'b'], null), ['a', 'b']);
  assert.deepEqual(probeCommand(['CMD-SHELL', 'a b'], null), ['/bin/sh', '-c', 'a b']);
  assert.deepEqual(probeCommand(['CMD-SHELL', 'a'], ['/bin/bash', '-c']), ['/bin/bash', '-c', 'a']);
  assert.equal(probeCommand(['FOO'], null), undefined);
  assert.equal(isProbed({ Test: ['NONE'] }), false);
  assert.equal(isProbed({ Test: [] }), false);
  assert.equal(freshHealth(null), undefined);
  assert.deepEqual(freshHealth({ Test: ['CMD', 'x'] }), fresh);
});

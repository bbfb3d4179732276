import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, humanStatus } from './human.ts';
import type { Container } from './record.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('durations are in the words of go-units', () => {
  const cases: [number, string][] = [
    [999, 'Less than a second'],
    [SECOND, '1 second'],
    [59 * SECOND, '59 seconds'],
    [MINUTE, 'About a minute'],
    [119 * SECOND, 'About a minute'],
    [2 * MINUTE, '2 minutes'],
    [59 * MINUTE, '59 minutes'],
    [HOUR, 'About an hour'],
    [89 * MINUTE, 'About an hour'],
    [90 * MINUTE, '2 hours'],
    [47 * HOUR, '47 hours'],
    [2 * DAY, '2 days'],
    [13 * DAY, '13 days'],
    [14 * DAY, '2 weeks'],
    [59 * DAY, '8 weeks'],
    [60 * DAY, '2 months'],
    [729 * DAY, '24 months'],
    [730 * DAY, '2 years'],
  ];
  for (const [ms, words] of cases) assert.equal(humanDuration(ms), words);
});

test('the status of a list entry says what Docker says', () => {
  const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
  const status = (container: Partial<Container>) => humanStatus(container as Container);
  const up = { startedAt: ago(3 * MINUTE) };
  const health = (Status: 'starting' | 'healthy') => ({ Status, FailingStreak: 0, Log: [] });
  assert.equal(status({ status: 'running', ...up }), 'Up 3 minutes');
  assert.equal(status({ status: 'running', ...up, health: health('healthy') }), 'Up 3 minutes (healthy)');
  assert.equal(status({ status: 'running', ...up, health: health('starting') }), 'Up 3 minutes (health: starting)');
  assert.equal(status({ status: 'paused', ...up }), 'Up 3 minutes (Paused)');
  assert.equal(status({ status: 'exited', exitCode: 137, finishedAt: ago(2 * HOUR) }), 'Exited (137) 2 hours ago');
  assert.equal(
    status({ status: 'restarting', exitCode: 1, finishedAt: ago(5 * SECOND + 100) }),
    'Restarting (1) 5 seconds ago',
  );
  assert.equal(status({ status: 'created' }), 'Created');
  assert.equal(status({ status: 'removing' }), 'Removal In Progress');
  assert.equal(status({ status: 'dead' }), 'Dead');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanStatus } from './human.ts';
import type { Container } from './record.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

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

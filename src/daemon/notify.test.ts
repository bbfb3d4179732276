import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '#log';
import { takeNotifySocket } from './notify.ts';

const warnings: string[] = [];
const log = { warn: (message: string) => warnings.push(message) } as unknown as Log;

test('the socket leaves the environment, and nobody listening there is only a warning', () => {
  const environment = { NOTIFY_SOCKET: '/nonexistent/notify', HOME: '/root' };
  const notify = takeNotifySocket(environment, log);
  assert.deepEqual(environment, { HOME: '/root' });
  notify('READY=1');
  assert.deepEqual(warnings, ['systemd could not be told']);
});

test('without systemd there is nothing to tell', () => {
  takeNotifySocket({}, log)('READY=1');
  assert.equal(warnings.length, 1);
});

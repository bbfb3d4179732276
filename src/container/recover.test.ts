import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExitRecord, Observed, Started } from './deps.ts';
import type { Container, Operation, Verb } from './record.ts';
import type { Action, Seen } from './recover.ts';
import { plan } from './recover.ts';
import type { Phase, Status } from './state.ts';
import { STATUSES } from './state.ts';

const process: Started = { pid: 42, startTime: 7, bootId: 'boot' };
const exit: ExitRecord = { exitCode: 3, oomKilled: false, finishedAt: '2026-01-01T00:00:00Z' };

interface Wish {
  readonly status: Status;
  readonly verb?: Verb;
  readonly detail?: Operation['detail'];
  readonly policy?: string;
  readonly autoRemove?: boolean;
  readonly manuallyStopped?: boolean;
  readonly error?: string;
  readonly isUpdating?: boolean;
}

function container(wish: Wish): Container {
  const phase = (
    wish.status === 'running' || wish.status === 'paused' ? { status: wish.status, process } : { status: wish.status }
  ) as Phase;
  const hostConfig = {
    RestartPolicy: { Name: wish.policy ?? 'no', MaximumRetryCount: 0 },
    AutoRemove: wish.autoRemove ?? false,
  };
  return {
    id: 'c',
    phase,
    status: wish.status,
    spec: { hostConfig, ...(wish.isUpdating ? { updating: hostConfig } : {}) },
    exitCode: 1,
    error: wish.error ?? '',
    manuallyStopped: wish.manuallyStopped ?? false,
    operation: wish.verb ? { verb: wish.verb, bootId: 'boot', detail: wish.detail ?? {} } : undefined,
  } as unknown as Container;
}

function seen(more: Partial<Seen> = {}): Seen {
  return { bootId: 'boot', monitor: undefined, processAlive: false, isFirst: true, ...more };
}

const monitor = (more: Partial<Observed> = {}): Observed => ({ id: 'c', monitorAlive: true, ...more });
const verbs = (actions: readonly Action[]) => actions.map((action) => action.do);

test('a running container that is alive is only watched', () => {
  const alive = seen({ processAlive: true, monitor: monitor({ started: process }) });
  assert.deepEqual(verbs(plan(container({ status: 'running' }), alive)), ['watch']);
  assert.deepEqual(verbs(plan(container({ status: 'paused' }), alive)), ['watch']);
  assert.deepEqual(plan(container({ status: 'running' }), { ...alive, isFirst: false }), []);
});

test('a container that was paused for a commit runs on', () => {
  const alive = seen({ processAlive: true, monitor: monitor({ started: process }) });
  for (const status of ['running', 'paused'] as const) {
    assert.deepEqual(verbs(plan(container({ status, verb: 'commit' }), alive)), ['finish-commit', 'watch']);
  }
  assert.deepEqual(verbs(plan(container({ status: 'exited', verb: 'commit' }), seen()))[0], 'end-operation');
});

test('an update that was under way goes on, once', () => {
  const alive = seen({ processAlive: true, monitor: monitor({ started: process }) });
  const updating = container({ status: 'running', isUpdating: true });
  assert.deepEqual(verbs(plan(updating, alive)), ['watch', 'finish-update']);
  assert.deepEqual(verbs(plan(updating, { ...alive, isFirst: false })), []);
  assert.deepEqual(verbs(plan(container({ status: 'exited', isUpdating: true }), seen())), ['finish-update']);
});

test('the exit record of the monitor is believed, of another life it is not', () => {
  const told = seen({ monitor: monitor({ monitorAlive: false, started: process, exit }) });
  assert.deepEqual(plan(container({ status: 'running' }), told), [{ do: 'record-exit', exit }]);
  const foreign = seen({ monitor: monitor({ started: { ...process, pid: 9 }, exit }) });
  assert.deepEqual(plan(container({ status: 'running' }), foreign), [{ do: 'record-exit', exit: undefined }]);
});

test('a container found dead without a record gets one that says so, whoever asks', () => {
  for (const isFirst of [true, false]) {
    assert.deepEqual(plan(container({ status: 'running' }), seen({ isFirst })), [
      { do: 'record-exit', exit: undefined },
    ]);
    assert.deepEqual(plan(container({ status: 'paused' }), seen({ isFirst })), [
      { do: 'record-exit', exit: undefined },
    ]);
  }
});

test('create is rolled back, in whatever state', () => {
  assert.deepEqual(verbs(plan(container({ status: 'created', verb: 'create' }), seen())), ['undo-create']);
});

test('a start whose process came to be is taken over, else taken back', () => {
  const half = container({ status: 'created', verb: 'start' });
  assert.deepEqual(verbs(plan(half, seen())), ['undo-start']);
  assert.deepEqual(verbs(plan(half, seen({ monitor: monitor() }))), ['undo-start']);
  assert.deepEqual(verbs(plan(half, seen({ monitor: monitor({ started: process }) }))), ['adopt', 'watch']);
  const startedAt = '2024-01-01T00:00:00Z';
  const over = seen({ monitor: monitor({ monitorAlive: false, started: process, startedAt, exit }) });
  assert.deepEqual(plan(half, over), [
    { do: 'adopt', process, startedAt },
    { do: 'record-exit', exit },
  ]);
  const lost = seen({ monitor: monitor({ monitorAlive: false, started: process }) });
  assert.deepEqual(verbs(plan(half, lost)), ['adopt', 'record-exit']);
});

test('stop and remove are rolled forward', () => {
  const alive = seen({ processAlive: true, monitor: monitor({ started: process }) });
  assert.deepEqual(verbs(plan(container({ status: 'running', verb: 'stop' }), alive)), ['finish-stop']);
  assert.deepEqual(verbs(plan(container({ status: 'running', verb: 'stop' }), seen())), ['record-exit']);
  assert.deepEqual(plan(container({ status: 'removing', verb: 'remove', detail: { volumes: true } }), seen()), [
    { do: 'finish-remove', volumes: true },
  ]);
  assert.deepEqual(plan(container({ status: 'running', verb: 'remove' }), alive), [
    { do: 'finish-remove', volumes: false },
  ]);
  assert.deepEqual(verbs(plan(container({ status: 'dead' }), seen())), ['finish-remove']);
});

test('restart is rolled forward from either half', () => {
  const alive = seen({ processAlive: true, monitor: monitor({ started: process }) });
  assert.deepEqual(verbs(plan(container({ status: 'running', verb: 'restart' }), alive)), ['finish-restart']);
  const down = container({ status: 'exited', verb: 'restart' });
  assert.deepEqual(verbs(plan(down, seen())), ['undo-start', 'start']);
  const old = seen({ monitor: monitor({ monitorAlive: false, started: process, exit }) });
  assert.deepEqual(verbs(plan({ ...down, finishedAt: exit.finishedAt }, old)), ['undo-start', 'start']);
  assert.deepEqual(verbs(plan(down, old)), ['adopt', 'record-exit']);
});

test('policies bring back what is down when the daemon starts, and only then', () => {
  const down = (wish: Partial<Wish>) => container({ status: 'exited', ...wish });
  assert.deepEqual(verbs(plan(down({ policy: 'always' }), seen())), ['start']);
  assert.deepEqual(verbs(plan(down({ policy: 'always', manuallyStopped: true }), seen())), ['start']);
  assert.deepEqual(verbs(plan(down({ policy: 'unless-stopped', manuallyStopped: true }), seen())), []);
  assert.deepEqual(verbs(plan(down({ policy: 'always' }), seen({ isFirst: false }))), []);
  assert.deepEqual(verbs(plan(container({ status: 'restarting', policy: 'always' }), seen())), ['schedule-restart']);
  assert.deepEqual(verbs(plan(container({ status: 'created', policy: 'always' }), seen())), []);
});

test('--rm goes when it has ended or failed to start; one that was only created stays', () => {
  assert.deepEqual(verbs(plan(container({ status: 'exited', autoRemove: true }), seen())), ['finish-remove']);
  assert.deepEqual(verbs(plan(container({ status: 'created', autoRemove: true, error: 'no' }), seen())), [
    'finish-remove',
  ]);
  assert.deepEqual(plan(container({ status: 'created', autoRemove: true }), seen()), []);
});

test('a monitor without a life is discarded', () => {
  for (const status of ['created', 'exited'] as const) {
    assert.deepEqual(verbs(plan(container({ status }), seen({ monitor: monitor() }))), ['discard']);
  }
});

test('every combination has a plan, and a second look after it is idle for what is down', () => {
  for (const status of STATUSES) {
    for (const verb of [undefined, 'create', 'start', 'stop', 'restart', 'remove', 'await', 'replace'] as const) {
      for (const monitorState of [
        undefined,
        monitor(),
        monitor({ started: process }),
        monitor({ started: process, exit }),
      ]) {
        for (const processAlive of [true, false]) {
          const record = container({ status, ...(verb ? { verb } : {}) });
          const actions = plan(record, seen({ monitor: monitorState, processAlive }));
          assert.ok(actions.length <= 3);
          // A record that says it lives, while nothing does, is never left alone.
          if ((status === 'running' || status === 'paused') && !processAlive) assert.ok(actions.length > 0);
        }
      }
    }
  }
  assert.deepEqual(plan(container({ status: 'exited' }), seen({ isFirst: false })), []);
});

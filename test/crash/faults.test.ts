import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { api } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import { settled } from '../harness/invariants.ts';
import { monitorsOf } from '../harness/processes.ts';
import { hungRuntime } from './hung-runtime.ts';
import { create, importImage, must, start } from './scenario.ts';
import { Told } from './told.ts';

/** How long the daemon is stopped under a container that writes. */
const FROZEN_MS = Number(process.env.GANTRY_FROZEN_SECONDS ?? 20) * 1000;
/** So often the daemon compares its records with the machine. */
const LOOK_MS = 30_000;
const READ_MS = 100;
const REMOVE_MS = 10_000;

interface State {
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly Running: boolean };
}

describe('monitors and runtimes that die or hang', { concurrency: 2 }, () => {
  let daemon: TestDaemon;
  let neighbour: string;
  const told = new Told();
  const runtime = hungRuntime();
  before(async () => {
    daemon = await startDaemon({ args: ['--config-file', runtime.config] });
    await importImage(daemon);
    neighbour = await create(daemon.socket, told, 'neighbour');
    await start(daemon.socket, told, neighbour);
  });
  after(async () => {
    const left = await settled(daemon, told.list(), 10_000);
    await daemon.destroy();
    runtime.remove();
    assert.deepEqual(left, []);
  });

  const inspect = async (id: string) => (await must(daemon.socket, 'GET', `/containers/${id}/json`)) as State;

  /** While `work` hangs: reads are quick, neighbours live, and a forced removal ends it. */
  async function hangs(id: string, work: Promise<unknown>): Promise<void> {
    let done = false;
    const outcome = work.then(
      () => (done = true),
      () => (done = true),
    );
    await new Promise((wake) => setTimeout(wake, 300));
    assert.equal(done, false, 'it did not hang');
    for (const other of [id, neighbour]) await timed(READ_MS, () => inspect(other));
    await timed(READ_MS, () => must(daemon.socket, 'GET', '/containers/json?all=1'));
    await livesOn(daemon);
    told.removing(id);
    await timed(REMOVE_MS, () => must(daemon.socket, 'DELETE', `/containers/${id}?force=1`));
    await timed(REMOVE_MS, () => outcome);
    assert.equal((await inspect(neighbour)).State.Running, true);
  }

  async function livesOn({ socket }: TestDaemon): Promise<void> {
    const HostConfig = { AutoRemove: true };
    const { Id } = (await must(socket, 'POST', '/containers/create', {
      Image: 'crash',
      Cmd: ['true'],
      HostConfig,
    })) as { Id: string };
    const gone = must(socket, 'POST', `/containers/${Id}/wait?condition=removed`);
    await must(socket, 'POST', `/containers/${Id}/start`);
    assert.deepEqual(await gone, { StatusCode: 0 });
  }

  async function running(name: string, more: object = {}): Promise<string> {
    const id = await create(daemon.socket, told, name, more);
    await start(daemon.socket, told, id);
    told.stopping(id);
    return id;
  }

  function stopMonitor(id: string): void {
    const pids = monitorsOf(daemon, id);
    assert.ok(pids.length > 0, 'it has no monitor');
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
  }

  const exec = async (id: string) => {
    const body = { Cmd: ['true'], AttachStdout: true };
    const { Id } = (await must(daemon.socket, 'POST', `/containers/${id}/exec`, body)) as { Id: string };
    return await api(daemon.socket, 'POST', `/exec/${Id}/start`, { Detach: true }, 60_000);
  };
  const call = (path: string) => api(daemon.socket, 'POST', path, undefined, 60_000);

  test('a killed monitor ends its container, which can be started again', async () => {
    const id = await running('orphaned');
    for (const pid of monitorsOf(daemon, id)) process.kill(pid, 'SIGKILL');
    await until(async () => !(await inspect(id)).State.Running);
    const { State } = await inspect(id);
    assert.equal(State.Status, 'exited');
    assert.ok([137, 255].includes(State.ExitCode), `exit code ${State.ExitCode}`);
    await start(daemon.socket, told, id);
    assert.equal((await inspect(id)).State.Running, true);
    told.removing(id);
    await must(daemon.socket, 'DELETE', `/containers/${id}?force=1`);
  });

  test('an end that a look finds before its monitor tells of it keeps its exit code', async () => {
    const other = await startDaemon();
    const mine = new Told();
    try {
      await importImage(other);
      const id = await create(other.socket, mine, 'untold');
      await start(other.socket, mine, id);
      const state = async () => ((await must(other.socket, 'GET', `/containers/${id}/json`)) as State).State;
      const monitors = monitorsOf(other, id);
      for (const pid of monitors) process.kill(pid, 'SIGSTOP');
      process.kill(mine.list()[0]!.pid!, 'SIGKILL');
      await new Promise((wake) => setTimeout(wake, LOOK_MS + 3_000));
      assert.equal((await state()).Status, 'running', 'one look was enough');
      for (const pid of monitors) process.kill(pid, 'SIGCONT');
      await until(async () => (await state()).Status === 'exited');
      assert.equal((await state()).ExitCode, 137);
    } finally {
      await other.destroy();
    }
  });

  test('a monitor killed while no daemon runs is found by the next one', async () => {
    const other = await startDaemon();
    const mine = new Told();
    try {
      await importImage(other);
      const id = await create(other.socket, mine, 'lost');
      await start(other.socket, mine, id);
      const [monitor] = monitorsOf(other, id);
      await other.stop('SIGKILL');
      process.kill(monitor!, 'SIGKILL');
      await other.start();
      mine.stopping(id);
      const { State } = (await must(other.socket, 'GET', `/containers/${id}/json`)) as State;
      assert.deepEqual([State.Status, [137, 255].includes(State.ExitCode)], ['exited', true]);
      assert.deepEqual(await settled(other, mine.list()), []);
    } finally {
      await other.destroy();
    }
  });

  for (const [name, hang] of [
    ['stop', (id: string) => call(`/containers/${id}/stop?t=1`)],
    ['kill', (id: string) => call(`/containers/${id}/kill`)],
    ['restart', (id: string) => call(`/containers/${id}/restart?t=1`)],
    ['exec', exec],
    ['wait', (id: string) => call(`/containers/${id}/wait`)],
  ] as const) {
    test(`a stopped monitor in ${name}`, async () => {
      const id = await running(`stopped-in-${name}`);
      stopMonitor(id);
      await hangs(id, hang(id));
    });
  }

  test('a stopped monitor in rm', async () => {
    const id = await running('stopped-in-rm');
    stopMonitor(id);
    told.removing(id);
    await timed(REMOVE_MS, () => must(daemon.socket, 'DELETE', `/containers/${id}?force=1`));
  });

  test('a stopped monitor in start', async () => {
    const id = await create(daemon.socket, told, 'stopped-in-start');
    await until(async () => monitorsOf(daemon, id).length > 0);
    stopMonitor(id);
    await hangs(id, call(`/containers/${id}/start`));
  });

  test('a stopped monitor while the daemon starts', async () => {
    const other = await startDaemon();
    const mine = new Told();
    try {
      await importImage(other);
      const id = await create(other.socket, mine, 'frozen');
      await start(other.socket, mine, id);
      await other.stop('SIGKILL');
      for (const pid of monitorsOf(other, id)) process.kill(pid, 'SIGSTOP');
      await timed(5_000, () => other.start());
      await timed(READ_MS, () => must(other.socket, 'GET', `/containers/${id}/json`));
      assert.deepEqual(await settled(other, mine.list()), []);
      mine.removing(id);
      await timed(REMOVE_MS, () => must(other.socket, 'DELETE', `/containers/${id}?force=1`));
      assert.deepEqual(await settled(other, []), []);
    } finally {
      await other.destroy();
    }
  });

  test('a runtime that hangs in start', async () => {
    const id = await create(daemon.socket, told, 'hung-start', { HostConfig: { Runtime: runtime.inRun } });
    await hangs(id, call(`/containers/${id}/start`));
  });

  test('a runtime that hangs in exec', async () => {
    const id = await running('hung-exec', { HostConfig: { Runtime: runtime.inExec } });
    await hangs(id, exec(id));
  });

  test('a runtime that hangs in start, and the daemon killed meanwhile', async () => {
    const other = await startDaemon({ args: ['--config-file', runtime.config] });
    const mine = new Told();
    try {
      await importImage(other);
      const id = await create(other.socket, mine, 'hung', { HostConfig: { Runtime: runtime.inRun } });
      const starting = api(other.socket, 'POST', `/containers/${id}/start`).catch(() => undefined);
      await new Promise((wake) => setTimeout(wake, 500));
      await other.stop('SIGKILL');
      await starting;
      await timed(5_000, () => other.start());
      assert.deepEqual(await settled(other, mine.list(), 10_000), []);
    } finally {
      await other.destroy();
    }
  });
});

test(`no byte is lost while the daemon is stopped for ${FROZEN_MS / 1000} s`, async () => {
  const daemon = await startDaemon();
  const told = new Told();
  try {
    await importImage(daemon);
    const pause = '[ $((i % 100)) = 0 ] && sleep 0.02';
    const script = `i=0; while [ ! -e /tmp/enough ]; do i=$((i+1)); echo $i; ${pause}; done; echo last`;
    const HostConfig = { LogConfig: { Type: 'json-file', Config: { 'max-size': '1g' } } };
    const id = await create(daemon.socket, told, 'writer', { Cmd: ['sh', '-c', script], HostConfig });
    await start(daemon.socket, told, id);
    process.kill(daemon.pid(), 'SIGSTOP');
    const before = lines(daemon, id).length;
    await new Promise((wake) => setTimeout(wake, FROZEN_MS));
    const meanwhile = lines(daemon, id).length;
    process.kill(daemon.pid(), 'SIGCONT');
    const body = { Cmd: ['touch', '/tmp/enough'] };
    const exec = (await must(daemon.socket, 'POST', `/containers/${id}/exec`, body)) as { Id: string };
    await must(daemon.socket, 'POST', `/exec/${exec.Id}/start`, { Detach: true });
    await must(daemon.socket, 'POST', `/containers/${id}/wait`);
    told.stopping(id);
    const written = lines(daemon, id);
    assert.ok(meanwhile > before + 100, `${before} lines before, ${meanwhile} after`);
    assert.equal(written.pop(), 'last\n');
    const wrong = written.findIndex((line, index) => line !== `${index + 1}\n`);
    assert.equal(wrong, -1, `line ${wrong + 1} of ${written.length} is ${written[wrong]}`);
  } finally {
    if (daemon.isRunning()) process.kill(daemon.pid(), 'SIGCONT');
    await daemon.destroy();
  }
});

/** What the log of a container has, past the daemon. */
function lines({ dataRoot }: TestDaemon, id: string): string[] {
  const text = readFileSync(join(dataRoot, 'containers', id, `${id}-json.log`), 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line !== '').map((line) => (JSON.parse(line) as { log: string }).log);
}

/** Waits for work that must not take longer. */
async function timed(ms: number, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  const took = performance.now() - began;
  assert.ok(took < ms, `took ${took.toFixed(0)} ms of ${ms}`);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + 10_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < last, 'it did not come about within 10 s');
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

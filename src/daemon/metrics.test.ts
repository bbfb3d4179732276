import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostFacts } from '#runtime';
import { ActionTimes, renderMetrics, serveMetrics } from './metrics.ts';

const deps = {
  facts: () => ({ cpuCount: 2, memoryTotal: 1024 }) as HostFacts,
  counts: () => ({ running: 3, paused: 1, stopped: 2 }),
  subscribers: () => 4,
  recorded: () => 5,
  info: { version: '1', os: 'a "quoted"\n name' },
};

test('metrics have the names that dashboards for Docker look for', () => {
  const text = renderMetrics(deps);
  for (const line of [
    'engine_daemon_container_states_containers{state="running"} 3',
    'engine_daemon_engine_cpus_cpus 2',
    'engine_daemon_engine_memory_bytes 1024',
    'engine_daemon_engine_info{version="1",os="a \\"quoted\\"\\n name"} 1',
    'engine_daemon_events_subscribers_total 4',
    '# TYPE engine_daemon_events_total counter\nengine_daemon_events_total 5',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
});

test('verbs are timed without changing what they do', async () => {
  class Things {
    readonly #made: string[] = [];
    async create(name: string): Promise<number> {
      return this.#made.push(name);
    }
    async fail(): Promise<void> {
      throw new Error('no');
    }
    list(): readonly string[] {
      return this.#made;
    }
  }
  const times = new ActionTimes();
  const things = times.watch(new Things(), { create: 'create', fail: 'start' });
  assert.equal(await things.create('a'), 1);
  assert.deepEqual(things.list(), ['a']);
  await assert.rejects(things.fail(), { message: 'no' });
  const text = times.render();
  assert.match(text, /_bucket\{action="create",le="\+Inf"\} 1\n/);
  assert.match(text, /_count\{action="create"\} 1\n/);
  assert.match(text, /_count\{action="start"\} 0\n/);
});

test('they are served to GET /metrics only', async () => {
  await using metrics = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => 'a 1\n');
  const answer = await fetch(`http://127.0.0.1:${metrics.port}/metrics`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(await answer.text(), 'a 1\n');
  assert.equal((await fetch(`http://127.0.0.1:${metrics.port}/`)).status, 404);
  assert.equal((await fetch(`http://127.0.0.1:${metrics.port}/metrics`, { method: 'POST' })).status, 404);
  await assert.rejects(
    serveMetrics({ host: '127.0.0.1', port: metrics.port }, () => ''),
    /"metrics-addr": cannot listen/,
  );
});

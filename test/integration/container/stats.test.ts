import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import type { ContainerStats } from '#api';
import { Engine } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.daemon.destroy());

/** Opens a stream of statistics. */
function follow(name: string): Promise<IncomingMessage> {
  const { socket: socketPath } = engine.daemon;
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: `/v1.50/containers/${name}/stats`, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function* looks(response: IncomingMessage): AsyncGenerator<ContainerStats> {
  for await (const line of createInterface({ input: response })) yield JSON.parse(line) as ContainerStats;
}

const threads = () => readdirSync(`/proc/${engine.daemon.pid()}/task`).length;
const descriptors = () => readdirSync(`/proc/${engine.daemon.pid()}/fd`).length;

async function until(what: string, isSo: () => boolean, ms = 15_000): Promise<void> {
  for (const last = Date.now() + ms; !isSo(); ) {
    assert.ok(Date.now() < last, what);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

test('what a container uses', async () => {
  const limits = { NetworkMode: 'bridge', Memory: 64 << 20, PidsLimit: 50 };
  const pings = "ping -c 3 -i 0.1 -s 1000 $(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p')";
  await engine.run('busy', ['sh', '-c', `${pings} >/dev/null; while :; do :; done`], limits);
  await new Promise((wake) => setTimeout(wake, 500));
  const seen = (await engine.expect(200, 'GET', '/containers/busy/stats?stream=false')) as ContainerStats;
  const used = seen.cpu_stats.cpu_usage.total_usage - seen.precpu_stats.cpu_usage.total_usage;
  assert.ok(used > 20e6, `${used} ns in a second of a busy loop`);
  assert.ok(seen.cpu_stats.system_cpu_usage! > seen.precpu_stats.system_cpu_usage!);
  assert.equal(seen.memory_stats.limit, 64 << 20);
  assert.ok(seen.memory_stats.usage! > 4096 && seen.memory_stats.usage! < 64 << 20);
  assert.deepEqual(seen.pids_stats, { current: 1, limit: 50 });
  assert.ok(seen.networks!.eth0!.tx_bytes > 0);
  assert.ok(Date.parse(seen.read) - Date.parse(seen.preread) >= 500);
});

test('a stream goes on over stop and start and ends with the container', async () => {
  await engine.run('followed', ['sleep', '1000']);
  const seen: ContainerStats[] = [];
  for await (const look of looks(await follow('followed'))) {
    seen.push(look);
    if (seen.length === 2) await engine.expect(204, 'POST', '/containers/followed/stop?t=0');
    if (seen.length === 3) await engine.expect(204, 'POST', '/containers/followed/start');
    if (seen.length === 4) await engine.expect(204, 'DELETE', '/containers/followed?force=1');
  }
  assert.equal(seen.length, 4);
  assert.equal(seen[0]!.preread, '0001-01-01T00:00:00Z');
  assert.equal(seen[1]!.preread, seen[0]!.read);
  assert.deepEqual(seen[2]!.pids_stats, {});
  assert.equal(seen[3]!.pids_stats.current, 1);
});

test('many clients, one look a second; when they go nothing is left', async () => {
  await engine.run('crowded', ['sleep', '1000']);
  const [open, running] = [descriptors(), threads()];
  const clients = await Promise.all(Array.from({ length: 50 }, () => follow('crowded')));
  const reads = await Promise.all(
    clients.map(async (client) => {
      const lines = createInterface({ input: client })[Symbol.asyncIterator]();
      return ((await lines.next()).value as string).match(/"read":"([^"]+)"/)![1]!;
    }),
  );
  assert.ok(new Set(reads).size <= 2, [...new Set(reads)].join(' '));
  for (const client of clients) client.destroy();
  await until('descriptors are left', () => descriptors() <= open);
  // It was there already for the tests before.
  await until('the thread is left', () => threads() < running, 20_000);
});

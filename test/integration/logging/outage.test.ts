import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import type { Listener } from './listeners.ts';
import { listenTcp, until } from './listeners.ts';
import { ended, logged, run, startRig } from './rig.ts';

let daemon: TestDaemon;
before(async () => {
  daemon = await startRig();
});
after(() => daemon.destroy());

const text = (...listeners: Listener[]) => Buffer.concat(listeners.flatMap(({ received }) => received)).toString();

/** The numbers of `line N`, in the order they came. */
const numbers = (of: string) => [...of.matchAll(/line (\d+)\n/g)].map((match) => Number(match[1]));
const inOrder = (of: string) => [...new Set(numbers(of))];
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const counting = (count: number, pause = '') =>
  `i=0; while [ $i -lt ${count} ]; do echo line $i; i=$((i+1)); ${pause} done`;

/** A port at which nobody listens now. */
async function freePort(): Promise<number> {
  await using listener = await listenTcp();
  return listener.port;
}

const syslog = (port: number) => ({ 'syslog-address': `tcp://127.0.0.1:${port}` });

test('a sink that is away holds up nobody and gets everything when it comes', { timeout: 60_000 }, async () => {
  const port = await freePort();
  await run(daemon, { name: 'away', driver: 'syslog', options: syslog(port), command: counting(5_000) });
  await ended(daemon, 'away');
  assert.deepEqual(numbers(await logged(daemon, 'away')), range(5_000));
  await daemon.stop('SIGKILL');
  await daemon.start();
  await using sink = await listenTcp({ place: port });
  await until(
    () => inOrder(text(sink)).length === 5_000,
    () => inOrder(text(sink)).length,
  );
  assert.deepEqual(inOrder(text(sink)), range(5_000));
});

test('daemon and sink die while lines come: all arrive, in order', { timeout: 90_000 }, async () => {
  const port = await freePort();
  const command = counting(600, 'sleep 0.01;');
  const sinks = [await listenTcp({ place: port })];
  await run(daemon, { name: 'torn', driver: 'syslog', options: syslog(port), command });
  const some = (count: number) =>
    until(
      () => inOrder(text(...sinks)).length > count,
      () => text(...sinks).length,
    );
  await some(50);
  await daemon.stop('SIGKILL');
  await daemon.start();
  await some(150);
  await sinks[0]!.close();
  await new Promise((wake) => setTimeout(wake, 300));
  sinks.push(await listenTcp({ place: port }));
  await some(300);
  await daemon.stop('SIGTERM');
  await daemon.start();
  await ended(daemon, 'torn');
  await until(
    () => inOrder(text(...sinks)).length === 600,
    () => inOrder(text(...sinks)).length,
  );
  assert.deepEqual(inOrder(text(...sinks)), range(600));
  await sinks[1]!.close();
});

test('what was delivered once is not sent again by later starts', { timeout: 60_000 }, async () => {
  await using sink = await listenTcp();
  await run(daemon, { name: 'once', driver: 'syslog', options: syslog(sink.port), command: counting(10) });
  await ended(daemon, 'once');
  await until(
    () => numbers(text(sink)).length === 10,
    () => text(sink),
  );
  await new Promise((wake) => setTimeout(wake, 2_500));
  await daemon.stop('SIGKILL');
  await daemon.start();
  assert.equal((await api(daemon.socket, 'POST', '/containers/once/start')).status, 204);
  await until(
    () => numbers(text(sink)).length >= 20,
    () => text(sink),
  );
  assert.deepEqual(numbers(text(sink)), [...range(10), ...range(10)]);
});

test('lives that follow each other quickly: each line once, in order', { timeout: 60_000 }, async () => {
  await using sink = await listenTcp();
  const options = syslog(sink.port);
  await run(daemon, { name: 'lives', driver: 'syslog', options, command: counting(20) });
  for (let life = 0; life < 3; life++) {
    await ended(daemon, 'lives');
    assert.equal((await api(daemon.socket, 'POST', '/containers/lives/start')).status, 204);
  }
  await until(
    () => numbers(text(sink)).length >= 80,
    () => text(sink).length,
  );
  assert.deepEqual(numbers(text(sink)), [...range(20), ...range(20), ...range(20), ...range(20)]);
});

test('the last lines of --rm arrive, and a dead sink does not keep its files', { timeout: 60_000 }, async () => {
  await using sink = await listenTcp();
  const more = (port: number) => ({
    HostConfig: { AutoRemove: true, NetworkMode: 'none', LogConfig: { Type: 'syslog', Config: syslog(port) } },
  });
  await run(daemon, { name: 'brief', driver: '', command: counting(1_000), more: more(sink.port) });
  await until(
    () => inOrder(text(sink)).length === 1_000,
    () => text(sink).length,
  );
  const id = await run(daemon, { name: 'lost', driver: '', command: counting(10), more: more(await freePort()) });
  const folder = join(daemon.dataRoot, 'containers');
  await until(
    () => !readdirSync(folder).includes(id),
    () => readdirSync(folder),
  );
});

test('rotated files are compressed and still read', { timeout: 60_000 }, async () => {
  const options = { 'max-size': '20k', 'max-file': '20', compress: 'true' };
  const id = await run(daemon, { name: 'packed', driver: 'json-file', options, command: counting(2_000) });
  await ended(daemon, 'packed');
  const folder = join(daemon.dataRoot, 'containers', id);
  const names = () => readdirSync(folder).filter((name) => name.includes('-json.log'));
  await until(() => names().length > 3 && names().filter((name) => !name.endsWith('.gz')).length === 1, names);
  assert.deepEqual(numbers(await logged(daemon, 'packed')), range(2_000));
  assert.deepEqual(numbers(await logged(daemon, 'packed', '&tail=700')), range(2_000).slice(-700));
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EventMessage, Info } from '#api';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

let daemon: TestDaemon;
let file: string;
const write = (settings: object | string) =>
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings));

before(async () => {
  daemon = await startDaemon();
  file = join(daemon.folder, 'daemon.json');
  await daemon.stop();
  write({ labels: ['a=1'], 'default-shm-size': '32M', 'metrics-addr': '127.0.0.1:0' });
  await daemon.start({ args: ['--config-file', file, '--shutdown-timeout', '9'] });
});
after(() => daemon.destroy());

/** Sends SIGHUP and waits until the log says how it went. */
async function reload(): Promise<string> {
  const before = daemon.log().length;
  process.kill(daemon.pid(), 'SIGHUP');
  for (;;) {
    const lines = daemon.log().slice(before).split('\n');
    const line = lines.find((text) => /reloaded the configuration|is not reloaded/.test(text));
    if (line) return line;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const info = async () => (await api(daemon.socket, 'GET', '/info')).body as Info;

async function reloads(): Promise<EventMessage[]> {
  const until = Math.ceil(Date.now() / 1000);
  const answer = await api(daemon.socket, 'GET', `/events?since=1&until=${until}&filters={"type":["daemon"]}`);
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EventMessage)
    .filter(({ Action }) => Action === 'reload');
}

test('SIGHUP takes over what may change, and an event says what holds now', async () => {
  assert.deepEqual((await info()).Labels, ['a=1']);
  write({
    debug: true,
    labels: ['a=2'],
    features: { b: true, a: false },
    'insecure-registries': ['here:5000'],
    'registry-mirrors': ['https://mirror'],
    'max-concurrent-downloads': 7,
    mtu: 1234,
    runtimes: { again: { path: '/usr/bin/crun' } },
    'default-runtime': 'again',
  });
  assert.match(await reload(), /"reloaded the configuration"/);
  const now = await info();
  assert.equal(now.Debug, true);
  assert.deepEqual(now.Labels, ['a=2']);
  assert.deepEqual(now.RegistryConfig.Mirrors, ['https://mirror/']);
  assert.equal(now.RegistryConfig.IndexConfigs['here:5000']?.Secure, false);
  assert.equal(now.DefaultRuntime, 'again');
  assert.ok(now.Runtimes['again']);
  const [event] = (await reloads()).slice(-1);
  const { name, 'default-cgroupns-mode': _mode, ...attributes } = event!.Actor.Attributes;
  assert.equal(event!.Actor.ID, now.ID);
  assert.equal(name, now.Name);
  assert.deepEqual(attributes, {
    debug: 'true',
    'default-ipc-mode': 'private',
    'default-runtime': 'again',
    'default-shm-size': String(32 << 20),
    features: 'map[a:false b:true]',
    'insecure-registries': '["here:5000"]',
    labels: '["a=2"]',
    'live-restore': 'true',
    'max-concurrent-downloads': '7',
    'max-concurrent-uploads': '5',
    'max-download-attempts': '5',
    'registry-mirrors': '["https://mirror/"]',
    runtimes: 'again:/usr/bin/crun',
    'shutdown-timeout': '9',
  });
});

test('a file with a fault leaves all as it is, and the log names the fault', async () => {
  const before = (await reloads()).length;
  const faults: [object | string, RegExp][] = [
    ['{', /not JSON/],
    [{ frobnicate: 1 }, /unknown key \\"frobnicate\\"/],
    [{ 'shutdown-timeout': 3 }, /specified both as a flag and in the configuration file: shutdown-timeout/],
    [{ 'default-runtime': 'nosuch', labels: ['a=3'] }, /default runtime \\"nosuch\\" is not installed/],
    [{ 'authorization-plugins': ['nosuch'], labels: ['a=3'] }, /failed to validate authorization plugin: plugin/],
  ];
  for (const [settings, reason] of faults) {
    write(settings);
    const line = await reload();
    assert.match(line, /the configuration is not reloaded: the running one stays/);
    assert.match(line, reason);
    assert.deepEqual((await info()).Labels, ['a=2']);
  }
  assert.equal((await reloads()).length, before);
});

test('keys that are gone keep their values, but features and limits of pulling fall back', async () => {
  write({ debug: false });
  assert.match(await reload(), /"reloaded the configuration"/);
  const now = await info();
  assert.deepEqual([now.Debug, now.Labels, now.DefaultRuntime], [false, ['a=2'], 'again']);
  const { Attributes } = (await reloads()).at(-1)!.Actor;
  assert.deepEqual([Attributes['features'], Attributes['max-concurrent-downloads']], ['map[]', '3']);
});

test('networks get the options that the daemon gives them', async () => {
  await daemon.stop();
  write({ 'default-network-opts': { bridge: { 'com.docker.network.driver.mtu': '1400', a: 'b' } } });
  await daemon.start({ args: ['--config-file', file, '--metrics-addr', '127.0.0.1:0'] });
  const body = { Name: 'optioned', Options: { a: 'own' } };
  const made = await api(daemon.socket, 'POST', '/networks/create', body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { Options } = (await api(daemon.socket, 'GET', '/networks/optioned')).body as { Options: object };
  assert.deepEqual(Options, { 'com.docker.network.driver.mtu': '1400', a: 'own' });
  assert.equal((await api(daemon.socket, 'DELETE', '/networks/optioned')).status, 204);
});

test('metrics are served where they were asked for', async () => {
  const { port } = JSON.parse(
    daemon
      .log()
      .split('\n')
      .findLast((line) => line.includes('"serving metrics"'))!,
  ) as { port: number };
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(text, /^engine_daemon_container_states_containers\{state="running"\} 0$/m);
  assert.match(text, new RegExp(`^engine_daemon_engine_info\\{.*daemon_id="${(await info()).ID}"`, 'm'));
  assert.match(text, /^engine_daemon_container_actions_seconds_count\{action="create"\} \d+$/m);
});

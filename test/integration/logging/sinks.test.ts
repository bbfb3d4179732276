import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, inflateSync } from 'node:zlib';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import type { Listener } from './listeners.ts';
import { CA, listenTcp, listenTls, listenUdp, listenUnixDatagrams, until } from './listeners.ts';
import { ended, logged, run, startRig } from './rig.ts';
import { unpackAll } from './unpack.ts';

const LINES = 'echo out; echo err >&2';
const LABELS = { labels: 'app', env: 'COLOUR' };
const CHOSEN = { Labels: { app: 'web', other: 'x' }, Env: ['COLOUR=red', 'SECRET=y'] };

let daemon: TestDaemon;
before(async () => {
  const folder = '/var/tmp';
  const socket = join(folder, `gantry-journal-${process.pid}`);
  daemon = await startRig({ env: { GANTRY_JOURNAL_SOCKET: socket } });
});
after(() => daemon.destroy());

const text = ({ received }: Listener) => Buffer.concat(received).toString();
const count = (listener: Listener, pattern: RegExp) => [...text(listener).matchAll(pattern)].length;
const twice = (listener: Listener, pattern: RegExp) =>
  until(
    () => count(listener, pattern) >= 2,
    () => text(listener),
  );

test('syslog: each transport, each format, priority by stream', { timeout: 60_000 }, async () => {
  await using udp = await listenUdp();
  await using tcp = await listenTcp();
  await using tls = await listenTls();
  await using local = await listenTcp({ place: join(daemon.folder, 'stream.sock') });
  await using datagrams = listenUnixDatagrams(join(daemon.folder, 'gram.sock'));
  const secure = { 'syslog-tls-ca-cert': CA, 'syslog-format': 'rfc5424micro' };
  const to = (address: string, more = {}) => ({ 'syslog-address': address, tag: 'T-{{.Name}}', ...more });
  const wanted = [
    ['udp', to(`udp://127.0.0.1:${udp.port}`, { 'syslog-facility': 'local1' })],
    ['tcp', to(`tcp://127.0.0.1:${tcp.port}`, { 'syslog-format': 'rfc3164' })],
    ['tls', to(`tcp+tls://localhost:${tls.port}`, secure)],
    ['local', to(`unix://${join(daemon.folder, 'stream.sock')}`, { 'syslog-format': 'rfc5424' })],
    ['gram', to(`unix://${join(daemon.folder, 'gram.sock')}`)],
  ] as const;
  for (const [name, options] of wanted) await run(daemon, { name, driver: 'syslog', options, command: LINES });
  const stamp = '[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d';
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d';
  const host = hostname();
  const both = (line: (priority: string, words: string) => string, low: number, high: number) =>
    new RegExp(`${line(String(high), 'out')}|${line(String(low), 'err')}`, 'g');
  await twice(
    udp,
    both((p, w) => `<${p}>${stamp} T-udp\\[\\d+\\]: ${w}\n`, 139, 142),
  );
  await twice(
    tcp,
    both((p, w) => `<${p}>${stamp} ${host} T-tcp\\[\\d+\\]: ${w}\n`, 27, 30),
  );
  await twice(
    tls,
    both((p, w) => `\\d+ <${p}>1 ${time}\\.\\d{6}Z ${host} T-tls \\d+ T-tls - ${w}\n`, 27, 30),
  );
  await twice(
    local,
    both((p, w) => `<${p}>1 ${time}Z ${host} T-local \\d+ T-local - ${w}\n`, 27, 30),
  );
  await twice(
    datagrams,
    both((p, w) => `<${p}>${stamp} T-gram\\[\\d+\\]: ${w}\n`, 27, 30),
  );
  for (const [name] of wanted) assert.deepEqual((await logged(daemon, name)).split('\n').sort(), ['', 'err', 'out']);
});

test('syslog over TLS to a server that is not trusted: nothing goes out, the container runs', async () => {
  await using tls = await listenTls();
  const options = { 'syslog-address': `tcp+tls://localhost:${tls.port}` };
  await run(daemon, { name: 'distrust', driver: 'syslog', options, command: 'echo secret' });
  await ended(daemon, 'distrust');
  await until(
    () => daemon.log().includes('log not delivered'),
    () => daemon.log(),
  );
  assert.equal(tls.received.length, 0);
});

test('gelf: over TCP, over UDP compressed each way, in chunks', { timeout: 60_000 }, async () => {
  await using tcp = await listenTcp();
  await using udp = await listenUdp();
  const [gzip, zlib, none] = ['gzip', 'zlib', 'none'].map((type) => ({
    'gelf-address': `udp://127.0.0.1:${udp.port}`,
    'gelf-compression-type': type,
  }));
  const options = { 'gelf-address': `tcp://127.0.0.1:${tcp.port}`, ...LABELS };
  const id = await run(daemon, { name: 'gelf', driver: 'gelf', options, command: LINES, more: CHOSEN });
  await until(
    () => count(tcp, /\0/g) === 2,
    () => text(tcp),
  );
  const messages = text(tcp)
    .split('\0')
    .slice(0, 2)
    .map((message) => JSON.parse(message));
  const out = messages.find((message) => message.short_message === 'out');
  const { timestamp, _created, _image_id, ...rest } = out;
  assert.ok(Math.abs(timestamp - Date.now() / 1000) < 60);
  assert.match(_created, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.match(_image_id, /^sha256:/);
  assert.deepEqual(rest, {
    version: '1.1',
    host: hostname(),
    short_message: 'out',
    level: 6,
    _command: `sh -c ${LINES}`,
    _container_id: id,
    _container_name: 'gelf',
    _image_name: 'conformance',
    _tag: id.slice(0, 12),
    _app: 'web',
    _COLOUR: 'red',
  });
  assert.equal(messages.find((message) => message.short_message === 'err').level, 3);
  const command = 'head -c 10000 /dev/zero | tr "\\0" x; echo';
  for (const [name, how, open] of [
    ['g1', gzip!, gunzipSync],
    ['g2', zlib!, inflateSync],
  ] as const) {
    udp.received.length = 0;
    await run(daemon, { name, driver: 'gelf', options: how, command });
    await until(
      () => udp.received.length === 1,
      () => udp.received.length,
    );
    assert.equal(JSON.parse(open(udp.received[0]!).toString()).short_message.length, 10_000);
  }
  udp.received.length = 0;
  await run(daemon, { name: 'g3', driver: 'gelf', options: none!, command });
  await until(
    () => udp.received.length > 0 && udp.received.length === udp.received[0]![11],
    () => udp.received.length,
  );
  assert.ok(
    udp.received.every((chunk, i) => chunk.readUInt16BE() === 0x1e0f && chunk[10] === i && chunk.length <= 1420),
  );
  const whole = Buffer.concat(udp.received.map((chunk) => chunk.subarray(12))).toString();
  assert.equal(JSON.parse(whole).short_message, 'x'.repeat(10_000));
});

test('fluentd: records with what was chosen, pieces of long lines, acknowledged', { timeout: 60_000 }, async () => {
  const answer = (data: Buffer) => {
    const chunk = /chunk.{1,2}?([A-Za-z0-9+/]{22}==)/s.exec(data.toString('latin1'))?.[1];
    return chunk
      ? Buffer.concat([Buffer.from([0x81, 0xa3]), Buffer.from('ack'), Buffer.from([0xb8]), Buffer.from(chunk)])
      : undefined;
  };
  await using plain = await listenTcp();
  await using strict = await listenTcp({ answer });
  const options = { 'fluentd-address': `127.0.0.1:${plain.port}`, tag: 'docker.{{.Name}}', ...LABELS };
  const id = await run(daemon, { name: 'flu', driver: 'fluentd', options, command: LINES, more: CHOSEN });
  await until(
    () => count(plain, /red/g) === 2,
    () => text(plain),
  );
  const [first] = unpackAll(Buffer.concat(plain.received)) as [string, number, Record<string, string>, null][];
  assert.equal(first![0], 'docker.flu');
  assert.ok(Math.abs(first![1] - Date.now() / 1000) < 60);
  const { source, log, ...record } = first![2];
  assert.ok([`stdout:out`, `stderr:err`].includes(`${source}:${log}`));
  assert.deepEqual(record, { container_id: id, container_name: '/flu', app: 'web', COLOUR: 'red' });
  const precise = {
    'fluentd-address': `tcp://127.0.0.1:${strict.port}`,
    'fluentd-sub-second-precision': 'true',
    'fluentd-request-ack': 'true',
  };
  const command = 'head -c 40000 /dev/zero | tr "\\0" x; echo; echo short';
  await run(daemon, { name: 'ack', driver: 'fluentd', options: precise, command });
  await until(
    () => text(strict).includes('short'),
    () => text(strict).length,
  );
  const events = unpackAll(Buffer.concat(strict.received)) as [string, string, Record<string, string>, object][];
  assert.match(events[0]![1], /^00[0-9a-f]{16}$/);
  const parts = events.filter(([, , { partial_id: part }]) => part !== undefined).map(([, , part]) => part);
  assert.deepEqual(
    parts.map((part) => [part.log!.length, part.partial_ordinal, part.partial_last, part.partial_message]),
    [
      [16384, '1', 'false', 'true'],
      [16384, '2', 'false', 'true'],
      [7232, '3', 'true', 'true'],
    ],
  );
  assert.equal(new Set(parts.map((part) => part.partial_id)).size, 1);
});

test('journald: fields of the native protocol', async () => {
  await using socket = listenUnixDatagrams(`/var/tmp/gantry-journal-${process.pid}`);
  const options = { ...LABELS, tag: 'J' };
  const id = await run(daemon, { name: 'journal', driver: 'journald', options, command: LINES, more: CHOSEN });
  await until(
    () => socket.received.length === 2,
    () => socket.received.length,
  );
  const fields = socket.received.map((m) =>
    Object.fromEntries(
      m
        .toString()
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    ),
  );
  const { SYSLOG_TIMESTAMP, ...rest } = fields.find(({ MESSAGE }) => MESSAGE === 'out')!;
  assert.match(SYSLOG_TIMESTAMP!, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.deepEqual(rest, {
    CONTAINER_ID: id.slice(0, 12),
    CONTAINER_ID_FULL: id,
    CONTAINER_NAME: 'journal',
    CONTAINER_TAG: 'J',
    IMAGE_NAME: 'conformance',
    SYSLOG_IDENTIFIER: 'J',
    APP: 'web',
    COLOUR: 'red',
    MESSAGE: 'out',
    PRIORITY: '6',
  });
  assert.equal(fields.find(({ MESSAGE }) => MESSAGE === 'err')!.PRIORITY, '3');
});

test('none keeps nothing, local what json-file keeps, and a cache can be declined', async () => {
  await run(daemon, { name: 'nothing', driver: 'none', command: LINES });
  await run(daemon, { name: 'kept', driver: 'local', command: LINES });
  const options = { 'cache-disabled': 'true', 'gelf-address': 'udp://127.0.0.1:9' };
  await run(daemon, { name: 'uncached', driver: 'gelf', options, command: LINES });
  await ended(daemon, 'kept');
  assert.deepEqual((await logged(daemon, 'kept')).split('\n').sort(), ['', 'err', 'out']);
  for (const name of ['nothing', 'uncached']) {
    const answer = await api(daemon.socket, 'GET', `/containers/${name}/logs?stdout=1`);
    assert.equal(answer.status, 501);
    assert.deepEqual(answer.body, { message: 'configured logging driver does not support reading' });
  }
});

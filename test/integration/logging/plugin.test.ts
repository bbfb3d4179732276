import assert from 'node:assert/strict';
import { createReadStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { until } from './listeners.ts';
import { ended, logged, run, startRig } from './rig.ts';

const NAME = `gantry-test-log-${process.pid}`;
const FOLDER = '/run/docker/plugins';
const SOCKET = `${FOLDER}/${NAME}.sock`;

interface Asked {
  readonly method: string;
  readonly body: { readonly File: string; readonly Info: Readonly<Record<string, unknown>> };
}

/** A log plugin: reads each fifo that it is told of to the end. */
class FakePlugin {
  readonly asked: Asked[] = [];
  readonly bytes: Buffer[] = [];
  refusal = '';
  readonly #server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      const method = request.url!.slice(1);
      const body = text ? JSON.parse(text) : {};
      this.asked.push({ method, body });
      if (method === 'LogDriver.StartLogging' && !this.refusal) {
        createReadStream(body.File).on('data', (data) => this.bytes.push(data as Buffer));
      }
      const answer = method === 'Plugin.Activate' ? { Implements: ['LogDriver'] } : { Err: this.refusal };
      response.end(JSON.stringify(answer));
    });
  });

  async listen(): Promise<void> {
    mkdirSync(FOLDER, { recursive: true });
    rmSync(SOCKET, { force: true });
    await new Promise<void>((resolve) => this.#server.listen(SOCKET, resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(SOCKET, { force: true });
  }

  /** The whole entries that have come. */
  entries(): Entry[] {
    const all = Buffer.concat(this.bytes);
    const entries: Entry[] = [];
    for (let at = 0; at + 4 <= all.length; ) {
      const end = at + 4 + all.readUInt32BE(at);
      if (end > all.length) break;
      entries.push(decode(all.subarray(at + 4, end)));
      at = end;
    }
    return entries;
  }
}

/** The fields by number: numbers, and bytes as text. */
type Entry = Readonly<Record<number, bigint | string>>;

function decode(bytes: Buffer): Entry {
  const entry: Record<number, bigint | string> = {};
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const value = varint();
    if ((key & 7) === 0) entry[key >> 3] = value;
    else {
      entry[key >> 3] = bytes.toString('latin1', at, at + Number(value));
      at += Number(value);
    }
  }
  return entry;
}

let daemon: TestDaemon;
const plugin = new FakePlugin();
before(async () => {
  await plugin.listen();
  daemon = await startRig();
});
after(async () => {
  await plugin.close();
  await daemon.destroy();
});

test('a plugin gets entries through its fifo, is listed, and is told the end', { timeout: 60_000 }, async () => {
  const { Plugins } = (await api(daemon.socket, 'GET', '/info')).body as { Plugins: { Log: string[] } };
  assert.ok(Plugins.Log.includes(NAME), Plugins.Log.join(' '));
  const options = { anything: 'goes' };
  const command = 'echo out; echo err >&2; head -c 20000 /dev/zero | tr "\\0" x; echo';
  const id = await run(daemon, { name: 'plugged', driver: NAME, options, command });
  await until(
    () => plugin.asked.at(-1)?.method === 'LogDriver.StopLogging',
    () => plugin.asked,
  );
  const entries = plugin.entries();
  const sources = entries.map((entry) => `${entry[1]}:${String(entry[3]).slice(0, 3)}:${String(entry[3]).length}`);
  assert.deepEqual(sources.sort(), ['stderr:err:3', 'stdout:out:3', 'stdout:xxx:16384', 'stdout:xxx:3616']);
  const [first, last] = entries.filter((entry) => String(entry[3]).startsWith('xxx'));
  assert.deepEqual([first![4], last![4]], [1n, 1n]);
  assert.ok(Math.abs(Number(first![2]! as bigint) / 1e9 - Date.now() / 1000) < 60);
  const [, part] = [first![5], decode(Buffer.from(last![5] as string, 'latin1'))];
  assert.deepEqual([part[1], part[3]], [1n, 2n]);
  const start = plugin.asked.find(({ method }) => method === 'LogDriver.StartLogging')!.body;
  assert.equal(existsSync(start.File), false);
  assert.equal(start.Info.ContainerID, id);
  assert.equal(start.Info.ContainerName, '/plugged');
  assert.deepEqual(start.Info.Config, options);
  assert.match(await logged(daemon, 'plugged'), /out\n/);
});

test('what a plugin misses while it is away or the daemon is dead comes later', { timeout: 90_000 }, async () => {
  plugin.bytes.length = 0;
  const command = 'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); sleep 0.01; done';
  plugin.refusal = 'not now';
  await run(daemon, { name: 'missed', driver: NAME, command });
  await until(
    () => daemon.log().includes('not now'),
    () => daemon.log(),
  );
  plugin.refusal = '';
  await until(
    () => plugin.entries().length > 50,
    () => plugin.entries().length,
  );
  await daemon.stop('SIGKILL');
  await daemon.start();
  await ended(daemon, 'missed');
  const lines = () => [...new Set(plugin.entries().map((entry) => String(entry[3])))];
  await until(
    () => lines().length === 300,
    () => lines().length,
  );
  assert.deepEqual(
    lines(),
    Array.from({ length: 300 }, (_, i) => `line ${i}`),
  );
});

test('a plugin that is not there is refused at create', async () => {
  const body = { Image: 'conformance', HostConfig: { LogConfig: { Type: 'nosuch', Config: {} } } };
  const answer = await api(daemon.socket, 'POST', '/containers/create', body);
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.body, { message: 'error looking up logging plugin nosuch: plugin "nosuch" not found' });
});

import assert from 'node:assert/strict';
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FrameDecoder } from '#api';
import { importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { residentBytes } from './process-facts.ts';
import { linger } from './raw-client.ts';

const MIB = 1 << 20;
const MB = 1_000_000;
const SIZE = Number(process.env.GANTRY_STREAM_MB ?? 100) * MB;
const SPEED = 5 * MB;
const TICK_MS = 50;
/** What daemon and monitor may grow by, however much goes through. */
const GROWTH = 24 * MIB;

let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
});
after(() => daemon.destroy());

test('a reader of 5 MB/s gets every byte, and nobody’s memory grows', { timeout: (SIZE / SPEED) * 3000 }, async () => {
  const command = ['sh', '-c', `seq 1 1000000000 | head -c ${SIZE}`];
  const body = { Image: 'conformance', Cmd: command, HostConfig: { NetworkMode: 'none' } };
  assert.equal((await api(daemon.socket, 'POST', '/containers/create?name=long', body)).status, 201);
  const query = 'stream=1&stdout=1&stderr=1';
  const head = `POST /containers/long/attach?${query} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
  const socket = await linger(daemon.socket, head);
  assert.equal((await api(daemon.socket, 'POST', '/containers/long/start')).status, 204);
  const pids = [daemon.pid(), await monitorPid()];
  const before = pids.map(residentBytes);
  const reader = new Reader();
  for await (const chunk of paced(socket)) {
    reader.push(chunk);
    const grown = pids.map((pid, i) => residentNow(pid) - before[i]!);
    assert.ok(Math.max(...grown) < GROWTH, `daemon and monitor grew by ${grown.join(', ')} bytes`);
  }
  assert.equal(reader.size, SIZE);
  assert.equal(reader.hash.digest('hex'), expected(SIZE));
});

/** The monitor leaves when the client has only the rest to read. */
const residentNow = (pid: number) => (existsSync(`/proc/${pid}`) ? residentBytes(pid) : 0);

async function monitorPid(): Promise<number> {
  const { State } = (await api(daemon.socket, 'GET', '/containers/long/json')).body as { State: { Pid: number } };
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${State.Pid}/status`, 'utf8'))![1]);
}

/** Counts and hashes what comes behind the answer's head. */
class Reader {
  readonly hash: Hash = createHash('sha256');
  size = 0;
  readonly #frames = new FrameDecoder();
  #head: Buffer | undefined = Buffer.alloc(0);

  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#head) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      bytes = this.#head.subarray(end + 4);
      this.#head = undefined;
    }
    for (const { data } of this.#frames.push(bytes)) {
      this.hash.update(data);
      this.size += data.length;
    }
  }
}

/** What arrives, at SPEED. */
async function* paced(socket: Socket): AsyncGenerator<Buffer> {
  const started = performance.now();
  let size = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    size += chunk.length;
    yield chunk;
    const ahead = (size / SPEED) * 1000 - (performance.now() - started);
    if (ahead > TICK_MS) await delay(ahead);
  }
}

/** The hash of the numbers from 1, a line each, cut at `size`. */
function expected(size: number): string {
  const hash = createHash('sha256');
  let left = size;
  for (let n = 1; left > 0; ) {
    let lines = '';
    for (const last = n + 10_000; n < last; n++) lines += `${n}\n`;
    hash.update(lines.slice(0, left));
    left -= lines.length;
  }
  return hash.digest('hex');
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { fdCount, settledFds } from './process-facts.ts';
import { exchange, linger } from './raw-client.ts';

const CONTAINERS = 40;
/** Pools of threads open files late. */
const SLACK = 4;

let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
  for (let i = 0; i < CONTAINERS; i++) {
    const body = { Image: 'conformance', Cmd: ['sh', '-c', 'while sleep 0.2; do echo tick; done'], OpenStdin: true };
    const HostConfig = { NetworkMode: 'none' };
    await must('POST', `/containers/create?name=load-${i}`, { ...body, HostConfig });
  }
  await must('POST', '/containers/load-0/start');
});
after(() => daemon.destroy());

async function must(method: string, path: string, body?: unknown): Promise<unknown> {
  const reply = await api(daemon.socket, method, path, body);
  assert.ok(reply.status < 400, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

const get = (path: string) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: d\r\n\r\n`);
const upgrade = (path: string, body = '') =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );

test('1,000 clients at once are all answered, also those that come while the daemon is busy', {
  timeout: 120_000,
}, async () => {
  process.kill(daemon.pid(), 'SIGSTOP');
  const asked = Array.from({ length: 1000 }, () =>
    exchange(daemon.socket, get('/containers/json?all=1'), { limitMs: 100_000 }),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  process.kill(daemon.pid(), 'SIGCONT');
  const replies = await Promise.all(asked);
  assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
});

/** Descendants of the daemon and of the container's monitor. */
function processes(): number {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(daemon.folder);
    } catch {
      return false;
    }
  }).length;
}

async function settledProcesses(most: number): Promise<number> {
  for (const last = Date.now() + 15_000; processes() > most && Date.now() < last; )
    await new Promise((wake) => setTimeout(wake, 100));
  return processes();
}

const listeners = async () => ((await must('GET', '/info')) as { NEventsListener: number }).NEventsListener;

test('1,000 attachments, logs, statistics, events and execs, opened and dropped, leave nothing', {
  timeout: 120_000,
}, async () => {
  await exchange(daemon.socket, get('/containers/load-0/stats?stream=0'));
  const before = { fds: fdCount(daemon.pid()), processes: processes(), listeners: await listeners() };
  for (let round = 0; round < 10; round++) {
    const sockets: Socket[] = [];
    const open = async (bytes: Buffer) => sockets.push(await linger(daemon.socket, bytes));
    await Promise.all(
      Array.from({ length: 25 }, async () => {
        const { Id } = (await must('POST', '/containers/load-0/exec', {
          Cmd: ['sleep', '1'],
          AttachStdin: true,
          AttachStdout: true,
        })) as { Id: string };
        await open(upgrade(`/exec/${Id}/start`, '{}'));
        await open(upgrade('/containers/load-0/attach?stream=1&stdin=1&stdout=1&stderr=1'));
        await open(get('/containers/load-0/logs?follow=1&stdout=1'));
        await open(get(round % 2 ? '/events' : '/containers/load-0/stats'));
      }),
    );
    await new Promise((wake) => setTimeout(wake, 100));
    for (const socket of sockets) socket.destroy();
  }
  assert.ok((await settledProcesses(before.processes)) <= before.processes, 'processes are left');
  const fds = await settledFds(daemon.pid(), before.fds + SLACK);
  assert.ok(fds <= before.fds + SLACK, `${fds} descriptors are open, ${before.fds} before`);
  assert.equal(await listeners(), before.listeners);
});

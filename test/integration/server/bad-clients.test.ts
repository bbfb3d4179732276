import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dockerArchive, importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { fdCount, residentBytes, settledFds } from './process-facts.ts';
import { exchange, linger } from './raw-client.ts';

const MIB = 1 << 20;
/** What one test may leave behind in descriptors: pools of threads open files late. */
const SLACK = 4;

let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
  const body = {
    Image: 'conformance',
    Cmd: ['sh', '-c', 'while echo tick; do sleep 0.05; done'],
    OpenStdin: true,
    HostConfig: { NetworkMode: 'none' },
  };
  assert.equal((await api(daemon.socket, 'POST', '/containers/create?name=ticks', body)).status, 201);
  assert.equal((await api(daemon.socket, 'POST', '/containers/ticks/start')).status, 204);
});
after(() => daemon.destroy());

const post = (path: string, headers: readonly string[] = [], body = '') =>
  Buffer.from(`${[`POST ${path} HTTP/1.1`, 'Host: d', ...headers].join('\r\n')}\r\n\r\n${body}`);
const get = (path: string) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: d\r\n\r\n`);

/** The daemon answers others meanwhile, and has as many descriptors and as much memory as before when all is over. */
async function unharmed(work: (sockets: Socket[]) => Promise<void>, growth = 64 * MIB): Promise<void> {
  await pings();
  const [fds, bytes] = [fdCount(daemon.pid()), residentBytes(daemon.pid())];
  const sockets: Socket[] = [];
  try {
    await work(sockets);
    await pings();
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await pings();
  const open = await settledFds(daemon.pid(), fds + SLACK);
  assert.ok(open <= fds + SLACK, `${open} descriptors are open, ${fds} before`);
  const grown = residentBytes(daemon.pid()) - bytes;
  assert.ok(grown < growth, `the daemon grew by ${grown / MIB} MiB`);
}

async function pings(): Promise<void> {
  assert.equal((await api(daemon.socket, 'GET', '/_ping', undefined, 5000)).status, 200);
}

test('1,000 connections that say nothing, or half a head', { timeout: 60_000 }, () =>
  unharmed(async (sockets) => {
    for (let i = 0; i < 1000; i++) {
      sockets.push(await linger(daemon.socket, i % 2 ? 'GET /_ping HTTP/1.1\r\nHost: d\r\nX-Slow: ' : ''));
    }
  }),
);

test('heads of 1 MiB are read, longer ones refused', { timeout: 60_000 }, () =>
  unharmed(async () => {
    const head = (size: number) => Buffer.from(`GET /_ping HTTP/1.1\r\nHost: d\r\nX-Long: ${'x'.repeat(size)}\r\n\r\n`);
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => (await exchange(daemon.socket, head(i % 2 ? MIB : 2 * MIB))).status),
    );
    assert.deepEqual(new Set(statuses), new Set([200, 431]));
  }, 256 * MIB),
);

test('a body that is announced too large is refused unread', () =>
  unharmed(async () => {
    const json = ['Content-Type: application/json', `Content-Length: ${10 ** 12}`];
    const reply = await exchange(daemon.socket, post('/containers/create', json, '{'));
    assert.equal(reply.status, 413);
    assert.ok(reply.ms < 1000);
  }));

test('a body that gets too large is refused, and not kept', { timeout: 60_000 }, () =>
  unharmed(async (sockets) => {
    const head = post('/containers/create', ['Content-Type: application/json', 'Transfer-Encoding: chunked']);
    const reply = await flood(sockets, head, 64);
    assert.match(reply, /^HTTP\/1\.1 413 /);
  }, 96 * MIB),
);

/** Sends 1 MiB chunks until it is answered. */
function flood(sockets: Socket[], head: Buffer, most: number): Promise<string> {
  const chunk = Buffer.concat([Buffer.from(`${MIB.toString(16)}\r\n`), Buffer.alloc(MIB, '['), Buffer.from('\r\n')]);
  return new Promise((resolve, reject) => {
    let text = '';
    let sent = 0;
    const socket = connect(daemon.socket, () => {
      socket.write(head);
      more();
    });
    const more = () => {
      if (text !== '' || socket.destroyed) return;
      if (sent++ === most) reject(new Error(`not refused after ${most} MiB`));
      else socket.write(chunk, more);
    };
    sockets.push(socket);
    socket.on('data', (data) => (text += String(data)));
    socket.on('error', () => {});
    socket.on('close', () => (text === '' ? reject(new Error('closed without an answer')) : resolve(text)));
  });
}

test('bodies that never end: the others are served, and the clients leave no trace', { timeout: 60_000 }, () =>
  unharmed(async (sockets) => {
    for (let i = 0; i < 50; i++) {
      const json = ['Content-Type: application/json', 'Content-Length: 1000'];
      sockets.push(await linger(daemon.socket, post('/containers/create', json, '{"Image":')));
      sockets.push(await linger(daemon.socket, post('/images/load', ['Content-Length: 1000000'], 'x'.repeat(600))));
      sockets.push(await linger(daemon.socket, post('/containers/nosuch/start', ['Content-Length: 1000'], 'x')));
    }
  }),
);

test('a head that comes a byte at a time is answered', async () => {
  const reply = await new Promise<string>((resolve, reject) => {
    const socket = connect(daemon.socket);
    socket.on('error', reject);
    socket.on('data', (data) => {
      resolve(String(data));
      socket.destroy();
    });
    const bytes = get('/_ping');
    const step = (at: number) => {
      socket.write(bytes.subarray(at, at + 1));
      if (at + 1 < bytes.length) setTimeout(step, 20, at + 1);
    };
    step(0);
  });
  assert.match(reply, /^HTTP\/1\.1 200 OK/);
});

const VANISHING: Readonly<Record<string, () => Promise<Buffer> | Buffer>> = {
  'half an archive to load': () => {
    const archive = dockerArchive(['vanished:one']);
    return Buffer.concat([post('/images/load', [`Content-Length: ${archive.length}`]), archive.subarray(0, 3000)]);
  },
  'half a tar to import': () => post('/images/create?fromSrc=-', ['Content-Length: 100000'], '\0'.repeat(700)),
  attach: () => post('/containers/ticks/attach?stream=1&stdin=1&stdout=1', ['Connection: Upgrade', 'Upgrade: tcp']),
  'attach without upgrade': () => post('/containers/ticks/attach?logs=1&stream=1&stdout=1'),
  'logs that are followed': () => get('/containers/ticks/logs?follow=1&stdout=1'),
  events: () => get('/events'),
  wait: () => post('/containers/ticks/wait?condition=removed'),
  'an exec': async () => {
    const { body } = await api(daemon.socket, 'POST', '/containers/ticks/exec', {
      Cmd: ['sleep', '2'],
      AttachStdout: true,
    });
    const start = '{"Detach":false}';
    const headers = [
      'Content-Type: application/json',
      `Content-Length: ${start.length}`,
      'Connection: Upgrade',
      'Upgrade: tcp',
    ];
    return post(`/exec/${(body as { Id: string }).Id}/start`, headers, start);
  },
};

/** What is still there of archives that came in, after a moment. */
async function leftIngest(): Promise<string[]> {
  const left = () => readdirSync(join(daemon.dataRoot, 'content/ingest'));
  const last = Date.now() + 5000;
  while (left().length > 0 && Date.now() < last) await new Promise((wake) => setTimeout(wake, 50));
  return left();
}

for (const [what, bytes] of Object.entries(VANISHING)) {
  test(`clients that vanish in ${what}`, { timeout: 60_000 }, async () => {
    await unharmed(async () => {
      for (let i = 0; i < 20; i++) {
        const socket = await linger(daemon.socket, await bytes());
        await new Promise((wake) => setTimeout(wake, i * 5));
        if (i % 2) socket.end();
        setTimeout(() => socket.destroy(), i % 2 ? 50 : 0);
      }
    });
    assert.deepEqual(await leftIngest(), []);
  });
}

test('a client that reads nothing of a flood holds up nobody', { timeout: 60_000 }, () =>
  unharmed(async (sockets) => {
    const body = {
      Image: 'conformance',
      Cmd: ['sh', '-c', 'yes | head -c 30000000'],
      HostConfig: { NetworkMode: 'none' },
    };
    assert.equal((await api(daemon.socket, 'POST', '/containers/create?name=flood', body)).status, 201);
    const stalled = await linger(daemon.socket, post('/containers/flood/attach?stream=1&stdout=1'));
    stalled.pause();
    sockets.push(stalled);
    assert.equal((await api(daemon.socket, 'POST', '/containers/flood/start')).status, 204);
    for (let i = 0; i < 20; i++) {
      sockets.push(await linger(daemon.socket, get('/containers/flood/logs?stdout=1&follow=1')));
      sockets.at(-1)!.pause();
    }
    await pings();
    assert.equal((await api(daemon.socket, 'DELETE', '/containers/flood?force=1')).status, 204);
  }, 192 * MIB),
);

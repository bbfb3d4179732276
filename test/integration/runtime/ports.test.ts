import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect, Machine } from './machine.ts';

const HOST = '169.254.77.1';
const INSIDE = '169.254.77.2';
const VETH = 'gvt0mon0';

let machine: Machine;
before(async () => {
  machine = await Machine.open();
});
after(() => machine[Symbol.asyncDispose]());

/** A veth pair into the stub's network namespace. */
function plug(pid: number): void {
  const ip = (...args: string[]) => execFileSync('ip', args);
  // The kernel takes a dead namespace's links down in its own time.
  spawnSync('ip', ['link', 'del', VETH]);
  ip('link', 'add', VETH, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  ip('addr', 'add', `${HOST}/30`, 'dev', VETH);
  ip('link', 'set', VETH, 'up');
  execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', 'addr', 'add', `${INSIDE}/30`, 'dev', 'eth0']);
  execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', 'link', 'set', 'eth0', 'up']);
}

const socket = (protocol: 'tcp' | 'udp', hostIp: string, hostPort: number, port: number) => ({
  protocol,
  hostIp,
  hostPort,
  target: { ip: INSIDE, port },
});

async function dial(host: string, port: number): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const client = connect({ host, port, allowHalfOpen: true });
    const [event] = await Promise.race([
      once(client, 'connect').then(() => ['connect']),
      once(client, 'error').then(() => ['error']),
    ]);
    if (event === 'connect') return client;
    if (tries > 50) throw new Error(`no connection to ${host}:${port}`);
    await sleep(20);
  }
}

test('tcp is relayed both ways with half-close, over IPv4 and IPv6', async () => {
  const sockets = [socket('tcp', '127.0.0.1', 38081, 80), socket('tcp', '::1', 38081, 80)];
  const { pid } = await machine.prepare('tcp', { sockets });
  plug(pid);
  await machine.start('tcp', `nc -ll -p 80 -e sh -c 'cat | md5sum'`, { sockets });
  await sleep(200);
  const bytes = Buffer.alloc(5_000_000, 'some text of a request');
  for (const host of ['127.0.0.1', '::1']) {
    const client = await dial(host, 38081);
    client.end(bytes);
    assert.match(String(await collect(client)), /^[0-9a-f]{32} {2}-\n$/);
  }
  // A client that does not leave keeps the monitor, but not the ports.
  const stays = await machine.runtime.attach('tcp', { stdin: true, stdout: true, stderr: true });
  await machine.runtime.killAll('tcp');
  await machine.exit('tcp');
  const refused = connect(38081, '127.0.0.1');
  await assert.rejects(once(refused, 'connect'), { code: 'ECONNREFUSED' });
  stays.destroy();
});

test('udp has sessions', async () => {
  const sockets = [socket('udp', '0.0.0.0', 38082, 53)];
  const { pid } = await machine.prepare('udp', { sockets });
  plug(pid);
  const started = await machine.start('udp', 'sleep 100', { sockets });
  const echo = `const s = require('node:dgram').createSocket('udp4');
    s.on('message', (m, r) => s.send('got ' + m, r.port, r.address)).bind(53, '${INSIDE}', () => console.log('ready'))`;
  const server = spawn('nsenter', ['-t', String(started.pid), '-n', process.execPath, '-e', echo]);
  await once(server.stdout, 'data');
  const client = createSocket('udp4');
  client.connect(38082, '127.0.0.1');
  await once(client, 'connect');
  client.send('hello');
  const [answer] = (await once(client, 'message')) as [Buffer];
  assert.equal(String(answer), 'got hello');
  client.close();
  server.kill();
  await machine.runtime.killAll('udp');
  await machine.exit('udp');
});

test('a port in use is the start’s error, and nothing is held', async () => {
  const server = createServer().listen(38083, '127.0.0.1');
  await once(server, 'listening');
  const sockets = [socket('tcp', '127.0.0.1', 38084, 80), socket('tcp', '127.0.0.1', 38083, 80)];
  await machine.prepare('busy', { sockets });
  await assert.rejects(machine.start('busy', 'true', { sockets }), {
    message: `failed to bind host port for 127.0.0.1:38083:${INSIDE}:80/tcp: address already in use`,
  });
  server.close();
  const other = createServer().listen(38084, '127.0.0.1');
  await once(other, 'listening');
  other.close();
  await machine.runtime.discard('busy');
});

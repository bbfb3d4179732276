import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { collect, Machine, payload } from './machine.ts';

const ALL = { stdin: true, stdout: true, stderr: true, direct: true };
const ENDING_MS = 5_000;

let machine: Machine;
before(async () => {
  machine = await Machine.open();
});
after(() => machine[Symbol.asyncDispose]());

/** Both ends of a connection: the daemon's side of it and the client's. */
async function connection(address: { path: string } | { host: string }): Promise<{ served: Socket; client: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen({ port: 0, ...address });
  await once(server, 'listening');
  const place = server.address()!;
  const client = connect({
    ...(typeof place === 'string' ? { path: place } : { port: place.port }),
    allowHalfOpen: true,
  });
  const [served] = (await once(server, 'connection')) as [Socket];
  server.close();
  return { served, client };
}

const path = (name: string) => ({ path: `${machine.directory}/${name}.sock` });
const untilGone = (socket: Socket) => once(socket.resume(), 'close', { signal: AbortSignal.timeout(ENDING_MS) });

test('a client’s own socket gets the output, the connection its end', async () => {
  for (const [id, address] of Object.entries({ unix1: path('unix1'), tcp1: { host: '127.0.0.1' } })) {
    await machine.prepare(id, { stdin: true });
    const stream = await machine.runtime.attach(id, ALL);
    const { served, client } = await connection(address);
    const got = collect(client);
    stream.deliverTo!(served);
    stream.end('input\n');
    await machine.start(id, 'cat; head -c 3000000 /dev/zero; echo end >&2');
    assert.equal((await collect(stream)).length, 0);
    served.end();
    const frames = await got;
    assert.equal(String(payload(frames, 1).subarray(0, 6)), 'input\n');
    assert.equal(payload(frames, 1).length, 3_000_006);
    assert.equal(String(payload(frames, 2)), 'end\n');
  }
});

test('output is held until it is said where to, also beyond the exit; without a socket it comes as ever', async () => {
  await machine.prepare('held');
  const stream = await machine.runtime.attach('held', ALL);
  await machine.start('held', 'echo early');
  await machine.exit('held');
  stream.deliverTo!(undefined);
  assert.equal(String(payload(await collect(stream), 1)), 'early\n');
});

test('a client that closes while nothing is printed is let go, after what it had sent', async () => {
  await machine.prepare('leaves', { stdin: true });
  const stream = await machine.runtime.attach('leaves', ALL);
  const { served, client } = await connection(path('leaves'));
  stream.deliverTo!(served);
  served.pipe(stream);
  stream.resume();
  await machine.start('leaves', 'cat >/tmp/in; wc -c </tmp/in; exit 4');
  client.end(Buffer.alloc(1_000_000), () => client.destroy());
  await untilGone(stream as Socket);
  assert.equal((await machine.exit('leaves')).exitCode, 4);
  assert.equal(machine.text('leaves').trim(), '1000000');
});

test('a client that reads nothing stops the container until it reads or leaves', async () => {
  await machine.prepare('stops');
  const stream = await machine.runtime.attach('stops', { ...ALL, stdin: false });
  const { served, client } = await connection(path('stops'));
  stream.deliverTo!(served);
  await machine.start('stops', 'head -c 20000000 /dev/zero; exit 3');
  const early = Symbol();
  const pause = new Promise((wake) => setTimeout(wake, 300, early));
  assert.equal(await Promise.race([machine.exit('stops'), pause]), early);
  client.destroy();
  assert.equal((await machine.exit('stops')).exitCode, 3);
});

test('a daemon that dies takes its clients along', async () => {
  await machine.prepare('orphaned');
  const stream = await machine.runtime.attach('orphaned', ALL);
  const { served, client } = await connection(path('orphaned'));
  stream.deliverTo!(served);
  await machine.start('orphaned', 'echo there; sleep 60');
  assert.match(String((await once(client, 'data'))[0]), /there/);
  // As the kernel closes the descriptors of a process.
  (stream as Socket).destroy();
  served.destroy();
  await once(client.resume(), 'end', { signal: AbortSignal.timeout(ENDING_MS) });
  await machine.runtime.killAll('orphaned');
});

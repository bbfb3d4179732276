import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { bytes, message, string } from '#protobuf';
import { method } from './call.ts';
import { Connection } from './client.ts';
import { FrameReader, frame, MAX_MESSAGE } from './frames.ts';
import type { Handler } from './server.ts';
import { serve, streaming, unary } from './server.ts';
import { RpcError } from './status.ts';

const Text = message({ text: string(1), data: bytes(2) });
const ECHO = method('/test.Echo/Say', Text, Text);
const STREAM = method('/test.Echo/Stream', Text, Text);
const FAIL = method('/test.Echo/Fail', Text, Text);
const HANG = method('/test.Echo/Hang', Text, Text);
const NONE = method('/test.Echo/None', Text, Text);

function opened(extra: Handler[] = []) {
  const [here, there] = duplexPair();
  const handlers = [
    unary(ECHO, ({ text }, { metadata }) => ({ text: `${text} ${metadata.get('x-many')?.join('|') ?? ''}` })),
    streaming(STREAM, async (call) => {
      for await (const { data } of call.requests()) await call.send({ data });
    }),
    unary(FAIL, () => {
      throw new RpcError('not-found', 'no "ü%" here', Buffer.from('details'));
    }),
    ...extra,
  ];
  const failure = (error: unknown) => new RpcError('unknown', (error as Error).message);
  const served = serve(there, new Map(handlers.map((each) => [each.method.path, each])), { failure });
  return { connection: new Connection(here), served };
}

test('a question is answered, with metadata that comes several times', async () => {
  const { connection, served } = opened();
  const metadata = new Map([['x-many', ['a', 'b,c']]]);
  assert.equal((await connection.unary(ECHO, { text: 'hi' }, { metadata })).text, 'hi a|b,c');
  connection[Symbol.dispose]();
  await served;
});

test('streams flow both ways with back-pressure, and end', async () => {
  const { connection } = opened();
  const call = connection.open(STREAM);
  const sending = (async () => {
    for (let i = 0; i < 64; i++) await call.send({ data: Buffer.alloc(200_000, i) });
    call.end();
  })();
  let total = 0;
  for await (const { data } of call.responses()) total += data.length;
  await sending;
  assert.equal(total, 64 * 200_000);
  connection[Symbol.dispose]();
});

test('an error travels with its code, its text and its details', async () => {
  const { connection } = opened();
  await assert.rejects(connection.unary(FAIL, {}), (error: RpcError) => {
    assert.equal(error.code, 'not-found');
    assert.equal(error.message, 'no "ü%" here');
    assert.equal(Buffer.from(error.details!).toString(), 'details');
    return true;
  });
  await assert.rejects(connection.unary(NONE, {}), { code: 'unimplemented' });
  connection[Symbol.dispose]();
});

test('cancelling a call aborts it on the other side', async () => {
  const aborted = Promise.withResolvers<void>();
  const hang = streaming(HANG, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    aborted.resolve();
  });
  const { connection } = opened([hang]);
  const stop = new AbortController();
  const asking = connection.unary(HANG, {}, { signal: stop.signal });
  setImmediate(() => stop.abort());
  await assert.rejects(asking);
  connection[Symbol.dispose]();
});

test('a lost connection aborts what is under way and fails what is asked', async () => {
  const aborted = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const hang = streaming(HANG, async (call) => {
    await call.request();
    begun.resolve();
    await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    aborted.resolve();
  });
  const { connection, served } = opened([hang]);
  const asking = connection.unary(HANG, {});
  await begun.promise;
  connection[Symbol.dispose]();
  await assert.rejects(asking);
  await aborted.promise;
  await served;
  assert.throws(() => connection.open(ECHO), { code: 'unavailable' });
});

test('garbage ends the connection', async () => {
  const [here, there] = duplexPair();
  const served = serve(there, new Map(), { failure: () => new RpcError('unknown', '') });
  here.on('error', () => {});
  here.write(Buffer.alloc(500, 'GET / HTTP/1.1\r\n'));
  here.resume();
  await served;
  assert.ok(there.destroyed);
});

test('messages come whole, however they are cut, and not larger than the limit', () => {
  const reader = new FrameReader();
  const whole = Buffer.concat([frame(Buffer.from('one')), frame(Buffer.alloc(0)), frame(Buffer.alloc(100_000, 7))]);
  const seen: Buffer[] = [];
  for (let at = 0; at < whole.length; at += 3) seen.push(...reader.push(whole.subarray(at, at + 3)));
  assert.deepEqual(
    seen.map(({ length }) => length),
    [3, 0, 100_000],
  );
  const lying = Buffer.alloc(5);
  lying.writeUInt32BE(MAX_MESSAGE + 1, 1);
  assert.throws(() => [...new FrameReader().push(lying)], { code: 'resource-exhausted' });
  assert.throws(() => [...new FrameReader().push(Buffer.from([1, 0, 0, 0, 0]))], { code: 'unimplemented' });
  assert.throws(() => {
    const cut = new FrameReader();
    Array.from(cut.push(Buffer.from([0, 0])));
    cut.finish();
  }, /inside a message/);
});

test('a connection is closed when the other side has ended it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-grpc-'));
  const path = join(folder, 'socket');
  const failure = () => new RpcError('unknown', 'failed');
  const ended = new Promise<void>((done) => {
    const listener = createServer({ allowHalfOpen: true }, (socket) => {
      listener.close();
      void serve(socket, new Map(), { failure }).then(done);
    }).listen(path);
  });
  try {
    const client = connect(path);
    const connection = new Connection(client);
    await assert.rejects(connection.unary(NONE, {}), { code: 'unimplemented' });
    client.end();
    await ended;
    await connection.closed;
  } finally {
    rmSync(folder, { recursive: true });
  }
});

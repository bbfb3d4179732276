import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { delay } from '#async';
import { digestOf } from '#oci';
import type { Rig } from './rig.ts';
import { codeOf, pushBlob, startRig } from './rig.ts';

const uploadsOf = (rig: Rig) => readdirSync(join(rig.folder, 'gantry', 'uploads'));

/** A stream that never ends, counted. */
function endless() {
  const sent = { bytes: 0 };
  const stream = new ReadableStream({
    pull: (controller) => {
      const piece = new Uint8Array(64 * 1024).fill(32);
      sent.bytes += piece.length;
      controller.enqueue(piece);
    },
  });
  return { sent, stream };
}

/** Sends raw bytes and waits for the first line of the answer. */
function raw(port: number, ...pieces: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.setEncoding('utf8');
    socket.once('data', (text: string) => {
      resolve(text.split('\r\n')[0]!);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer')));
  });
}

test('a manifest that is too large is refused, by what it announces and by what comes', async () => {
  await using rig = await startRig();
  const head = 'PUT /v2/a/manifests/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n{';
  assert.match(await raw(rig.port, head), /^HTTP\/1\.1 413 /);
  const { sent, stream } = endless();
  const init = { body: stream, duplex: 'half' as const };
  // The client may be told, or may find the connection closed while it still sends.
  const answer = await rig.call('PUT', '/v2/a/manifests/x', init).catch(() => undefined);
  if (answer) assert.deepEqual([answer.status, await codeOf(answer)], [413, 'MANIFEST_INVALID']);
  assert.ok(sent.bytes < 256 * 2 ** 20, `${sent.bytes} bytes were taken`);
  assert.equal((await rig.call('GET', '/v2/')).status, 200);
});

test('an upload without an end stops at the limit', async () => {
  await using rig = await startRig({ settings: { blobBytes: 2 ** 20 } });
  const begun = await rig.call('POST', '/v2/a/blobs/uploads/');
  const location = begun.headers.get('location')!;
  const { sent, stream } = endless();
  const answer = await rig.call('PATCH', location, { body: stream, duplex: 'half' }).catch(() => undefined);
  if (answer) assert.deepEqual([answer.status, await codeOf(answer)], [413, 'SIZE_INVALID']);
  assert.ok(sent.bytes < 256 * 2 ** 20, `${sent.bytes} bytes were taken`);
  const announced = await rig.call('PATCH', location, { body: Buffer.alloc(2 ** 20 + 1) as unknown as string });
  assert.deepEqual([announced.status, await codeOf(announced)], [413, 'SIZE_INVALID']);
});

test('a sender that drips is dropped, and goes on where it was', async () => {
  await using rig = await startRig({ settings: { pace: { windowMs: 300, bytes: 1024 } } });
  const begun = await rig.call('POST', '/v2/a/blobs/uploads/');
  const location = begun.headers.get('location')!;
  const head = `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n`;
  assert.match(await raw(rig.port, head, '0123'), /^HTTP\/1\.1 408 /);
  const status = await rig.call('GET', location);
  assert.deepEqual([status.status, status.headers.get('range')], [204, '0-3']);
  const last = await rig.call('PUT', `${location}?digest=${digestOf('0123456789')}`, {
    body: '456789',
    headers: { 'Content-Range': '4-9' },
  });
  assert.equal(last.status, 201);
});

test('of two that write to one upload the second is refused', async () => {
  await using rig = await startRig();
  const begun = await rig.call('POST', '/v2/a/blobs/uploads/');
  const location = begun.headers.get('location')!;
  const first = request({ port: rig.port, host: '127.0.0.1', method: 'PATCH', path: location });
  const answered = new Promise<number>((resolve, reject) => {
    first.on('response', (response) => resolve(response.resume().statusCode!));
    first.on('error', reject);
  });
  first.write('first');
  while ((await rig.registry.uploads.size('a', location.split('/').at(-1)!)) < 5) await delay(5);
  for (const [method, path] of [
    ['PATCH', location],
    ['PUT', `${location}?digest=${digestOf('x')}`],
  ] as const) {
    const second = await rig.call(method, path, { body: 'x' });
    assert.deepEqual([second.status, await codeOf(second)], [409, 'BLOB_UPLOAD_INVALID']);
  }
  first.end();
  assert.equal(await answered, 202);
  const done = await rig.call('PUT', `${location}?digest=${digestOf('first')}`);
  assert.equal(done.status, 201);
});

test('a client that goes in the middle of a blob leaves what it sent, and nothing visible', async () => {
  await using rig = await startRig();
  const digest = digestOf('whole blob');
  const socket = connect(rig.port, '127.0.0.1');
  socket.write(`POST /v2/a/blobs/uploads/?digest=${digest} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nwhole`);
  while (uploadsOf(rig).length === 0) await delay(5);
  socket.destroy();
  assert.equal((await rig.call('HEAD', `/v2/a/blobs/${digest}`)).status, 404);
  await pushBlob(rig, 'a', 'whole blob');
  assert.equal((await rig.call('HEAD', `/v2/a/blobs/${digest}`)).status, 200);
  assert.ok((await rig.registry.uploads.purge(Date.now() + 60_000)) <= 1);
  assert.deepEqual(uploadsOf(rig), []);
});

test('a mount takes nothing from a repository that may not be read', async () => {
  const visitor = { account: 'x', may: (name: string) => name !== 'secret' };
  await using open = await startRig();
  const { digest } = await pushBlob(open, 'secret', 'hidden');
  await using rig = await startRig({
    storage: open.folder,
    gate: { admit: async () => visitor, challenge: () => 'Basic realm="x"' },
  });
  const answer = await rig.call('POST', `/v2/mine/blobs/uploads/?mount=${digest}&from=secret`);
  assert.equal(answer.status, 202);
  assert.equal((await rig.call('HEAD', `/v2/mine/blobs/${digest}`)).status, 404);
  const denied = await rig.call('GET', `/v2/secret/blobs/${digest}`);
  assert.deepEqual([denied.status, await codeOf(denied)], [403, 'DENIED']);
});

test('heads that are no HTTP, and too long, end only their connection', async () => {
  await using rig = await startRig();
  assert.match(await raw(rig.port, 'NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await raw(rig.port, `GET /v2/ HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.equal((await rig.call('GET', '/v2/')).status, 200);
});

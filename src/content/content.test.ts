import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { nullLog } from '#log';
import type { Descriptor, Digest } from '#oci';
import { digestHex, digestOf, MEDIA } from '#oci';
import { Content } from './index.ts';

async function fresh() {
  const root = await mkdtemp(join(tmpdir(), 'gantry-content-'));
  const content = new Content({ root, log: nullLog });
  return {
    root,
    content,
    [Symbol.asyncDispose]: async () => {
      await content.close();
      await rm(root, { recursive: true });
    },
  };
}

async function* stream(...chunks: string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const describe = (mediaType: string, digest: Digest, size: number): Descriptor => ({ mediaType, digest, size });

/** An image of one config and one layer; its manifest's descriptor. */
async function image(content: Content, lease: ReturnType<Content['lease']>, layer: string) {
  const config = describe(MEDIA.ociConfig, await content.put(Buffer.from(`{"of":"${layer}"}`), lease), 1);
  const layers = [describe(MEDIA.ociLayer, await content.put(Buffer.from(layer), lease), 1)];
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers }));
  return describe(MEDIA.ociManifest, await content.put(manifest, lease), manifest.length);
}

test('the folder is an OCI image layout from the start, and index.json follows what is published', async () => {
  await using all = await fresh();
  assert.equal(await readFile(join(all.root, 'oci-layout'), 'utf8'), '{"imageLayoutVersion":"1.0.0"}');
  using lease = all.content.lease();
  const target = await image(all.content, lease, 'a');
  all.content.publish(() => []);
  all.content.publish(() => [target]);
  await all.content.close();
  assert.deepEqual(JSON.parse(await readFile(join(all.root, 'index.json'), 'utf8')).manifests, [target]);
});

test('bytes are taken in whole and in order, whatever pieces they come in', async () => {
  await using all = await fresh();
  const bytes = Buffer.from(Array.from({ length: 3 * 2 ** 20 + 5 }, (_, i) => (i * 7 + (i >> 9)) & 0xff));
  for (const step of [1000, 65_536, 2 ** 20, 2 ** 22]) {
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
    }
    const received = await all.content.receive(pieces());
    assert.equal(received.digest, digestOf(bytes));
    assert.ok((await readFile(received.path)).equals(bytes), `pieces of ${step}`);
    await received.drop();
    await assert.rejects(all.content.receive(pieces(), { limit: bytes.length - 1 }), /larger than/);
    const { output, received: written } = await all.content.receiveStream();
    await pipeline(pieces(), output);
    const same = await written;
    assert.equal(same.digest, digestOf(bytes));
    assert.ok((await readFile(same.path)).equals(bytes), `written in pieces of ${step}`);
    await same.drop();
    const short = await all.content.receiveStream({ limit: bytes.length - 1 });
    await assert.rejects(pipeline(pieces(), short.output), /larger than/);
    await assert.rejects(short.received, /larger than/);
  }
  const given = await all.content.receiveStream();
  given.output.write(bytes);
  given.output.destroy(new Error('given up'));
  await assert.rejects(given.received, /given up/);
  assert.deepEqual(await readdir(join(all.root, 'ingest')), []);
});

test('received bytes are no blob until they are kept', async () => {
  await using all = await fresh();
  const { content } = all;
  using lease = content.lease();
  const received = await content.receive(stream('hello ', 'world'));
  assert.deepEqual([received.digest, received.size], [digestOf('hello world'), 11]);
  assert.equal(content.has(received.digest), false);
  await Promise.all([content.keep(received, lease), content.keep(received, lease)]);
  await received.drop();
  assert.equal((await content.read(received.digest, 11)).toString(), 'hello world');
  const again = await content.receive(stream('hello world'));
  await content.keep(again, lease);
  assert.deepEqual(await readdir(join(all.root, 'ingest')), []);
  assert.deepEqual(await readdir(join(all.root, 'blobs', 'sha256')), [digestHex(received.digest)]);
});

test('a stream that breaks off, or is too long, leaves nothing', async () => {
  await using all = await fresh();
  async function* broken() {
    yield Buffer.from('some');
    throw new Error('connection lost');
  }
  await assert.rejects(all.content.receive(broken()), /connection lost/);
  await assert.rejects(all.content.receive(stream('12345'), { limit: 4 }), { kind: 'invalid-argument' });
  await assert.rejects(all.content.receive(stream('x'), { signal: AbortSignal.abort(new Error('gone')) }), /gone/);
  assert.deepEqual(await readdir(join(all.root, 'ingest')), []);
});

test('a collection takes what neither roots nor leases hold, children of roots stay', async () => {
  await using all = await fresh();
  const { content } = all;
  const lease = content.lease();
  const kept = await image(content, lease, 'kept');
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [kept] }));
  const root = describe(MEDIA.ociIndex, await content.put(index, lease), index.length);
  const other = await image(content, lease, 'other');
  using late = content.lease();
  late.hold(digestOf('other'));
  assert.equal(await content.collect(() => []), 0, 'the first lease holds everything');
  lease[Symbol.dispose]();
  assert.ok((await content.collect(() => [root])) > 0);
  assert.deepEqual(
    [content.has(digestOf('kept')), content.has(digestOf('other')), content.has(other.digest as Digest)],
    [true, true, false],
  );
  assert.equal(content.has(root.digest as Digest), true);
});

test('what is released while a collection runs survives it', async () => {
  await using all = await fresh();
  const { content } = all;
  const lease = content.lease();
  const root = await image(content, lease, 'root');
  const digest = await content.put(Buffer.from('new'), lease);
  const collecting = content.collect(() => {
    queueMicrotask(() => lease[Symbol.dispose]());
    return [root];
  });
  await collecting;
  assert.equal(content.has(digest), true);
  await content.collect(() => [root]);
  assert.equal(content.has(digest), false);
});

test('files of a killed process go at the next start', async () => {
  await using all = await fresh();
  await writeFile(join(all.root, 'ingest', 'left-over'), 'x');
  const next = new Content({ root: all.root, log: nullLog });
  using lease = next.lease();
  await next.put(Buffer.from('x'), lease);
  await next.collect(() => []);
  assert.deepEqual(await readdir(join(all.root, 'ingest')), []);
});

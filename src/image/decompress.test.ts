import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressionOf, decompress, unpackForeign } from './decompress.ts';

async function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const unpack = async (bytes: Buffer, size = 1000) =>
  Buffer.concat(await Array.fromAsync(decompress(pieces(bytes, size))));

const text = Buffer.from('some text, '.repeat(50_000));

test('plain, gzip and zstd streams, cut anywhere, also of several members', async () => {
  for (const packed of [
    text,
    gzipSync(text),
    zstdCompressSync(text),
    Buffer.concat([gzipSync(text.subarray(0, 99_999)), gzipSync(text.subarray(99_999))]),
    Buffer.concat([zstdCompressSync(text.subarray(0, 99_999)), zstdCompressSync(text.subarray(99_999))]),
  ]) {
    for (const size of [1, 7, 100_000]) {
      if (size === 1 && packed === text) continue;
      assert.equal((await unpack(packed, size)).equals(text), true);
    }
  }
  assert.equal((await unpack(Buffer.alloc(0))).length, 0);
  assert.equal((await unpack(Buffer.from('ab'))).toString(), 'ab');
});

test('what is cut off, broken or packed otherwise is refused', async () => {
  await assert.rejects(unpack(gzipSync(text).subarray(0, 200)), {
    message: 'unexpected EOF',
    kind: 'invalid-argument',
  });
  await assert.rejects(unpack(zstdCompressSync(text).subarray(0, 40)), { kind: 'invalid-argument' });
  await assert.rejects(unpack(Buffer.concat([gzipSync(text).subarray(0, 200), text])), { kind: 'invalid-argument' });
  assert.throws(() => compressionOf(Buffer.from('BZh91AY&SY')), /bzip2 archives are not supported/);
  assert.throws(
    () => compressionOf(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0])),
    /xz archives are not supported/,
  );
});

test('a bomb is stopped when it has grown beyond both limits', async () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000));
  const limits = { free: 1_000_000, ratio: 100 };
  await assert.rejects(Array.fromAsync(decompress(pieces(bomb, 1000), limits)), /more than 100 times its size/);
  const calm = { free: 20_000_000, ratio: 100 };
  assert.equal(
    (await Array.fromAsync(decompress(pieces(bomb, 1000), calm))).reduce((n, c) => n + c.length, 0),
    10_000_000,
  );
});

test('a failing source fails the stream, and a reader that stops early closes the source', async () => {
  async function* broken() {
    yield gzipSync(text).subarray(0, 100);
    throw new Error('connection lost');
  }
  await assert.rejects(Array.fromAsync(decompress(broken())), /connection lost/);
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(1000);
    } finally {
      closed = true;
    }
  }
  for await (const chunk of decompress(endless())) if (chunk.length > 0) break;
  assert.equal(closed, true);
});

for (const [program, broken] of [
  ['xz', /the archive cannot be unpacked/],
  ['bzip2', /the archive cannot be unpacked/],
] as const) {
  const isHere = spawnSync(program, ['--help']).status === 0;
  test(`${program} streams are unpacked by the host's program`, { skip: !isHere && 'not on this host' }, async () => {
    const packed = execFileSync(program, ['-c'], { input: text });
    assert.equal((await unpack(packed)).equals(text), true);
    assert.equal((await unpack(Buffer.concat([packed, packed]), 7)).length, 2 * text.length);
    await assert.rejects(unpack(packed.subarray(0, -20)), { kind: 'invalid-argument', message: broken });
    const left = decompress(pieces(packed, 10))[Symbol.asyncIterator]();
    await left.next();
    await left.return?.(undefined);
    const foreign = await Array.fromAsync(unpackForeign(pieces(packed, 100)));
    assert.equal(Buffer.concat(foreign).equals(text), true);
    await assert.rejects(Array.fromAsync(decompress(pieces(packed, 100), { free: 1000, ratio: 2 })), /expands to more/);
  });
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { isKind } from '#errdefs';
import type { TarEntry, TarLimits } from './entry.ts';
import { TarReader } from './reader.ts';
import { encodeEntry, paddingOf, TAR_END } from './writer.ts';

/** Archives made by GNU tar 1.34, see each test for what is in them. */
const fixture = (name: string): Buffer =>
  gunzipSync(readFileSync(join(import.meta.dirname, 'testdata', `${name}.tar.gz`)));

/** All entries with their content, the archive given in pieces of a size. */
async function readAll(archive: Buffer, step = 65_536, limits: Partial<TarLimits> = {}) {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < archive.length; at += step) yield archive.subarray(at, at + step);
  }
  const reader = new TarReader(pieces(), limits);
  const found = new Map<string, TarEntry & { content: Buffer }>();
  for await (const entry of reader) {
    const content = Buffer.alloc(entry.size);
    for (let piece = await reader.read(); piece; piece = await reader.read()) piece.copy(content, reader.offset);
    found.set(entry.name.toString('latin1'), { ...entry, content });
  }
  return found;
}

for (const step of [1, 511, 512, 4096, 1 << 20]) {
  for (const name of ['gnu', 'oldgnu', 'posix']) {
    test(`reads what GNU tar writes as ${name}, in pieces of ${step}`, async () => {
      const found = await readAll(fixture(name), step);
      const file = found.get('d/f')!;
      assert.equal(file.content.toString(), 'hello\n');
      assert.equal(file.uid, 3_000_000_000);
      assert.equal(file.gid, 3);
      assert.equal(file.mtime.seconds, 981_173_106);
      assert.equal(found.get('d/')!.type, 'directory');
      assert.equal(found.get('d/h')!.type, 'hardlink');
      assert.equal(found.get('d/h')!.linkName.toString(), 'd/f');
      assert.equal(found.get('d/s')!.type, 'symlink');
      assert.equal(found.get('d/p')!.type, 'fifo');
      assert.equal(found.get('d/caf\xe9')!.content.toString(), 'x');
      assert.equal(found.get(`d/${'n'.repeat(120)}`)!.content.toString(), 'y');
      const sparse = found.get('d/sp')!;
      assert.equal(sparse.size, 3_000_000);
      assert.ok(sparse.sparse!.reduce((sum, { length }) => sum + length, 0) < 100_000);
      assert.equal(sparse.content.toString('latin1', 1_500_000, 1_500_006), 'middle');
      if (name !== 'posix') return;
      assert.equal(file.mtime.nanoseconds, 789_012_345);
      assert.deepEqual(file.xattrs, [{ name: Buffer.from('user.k'), value: Buffer.from([0, 0xff, 0x0a]) }]);
    });
  }
}

test('reads the old formats', async () => {
  for (const name of ['v7', 'ustar']) {
    const found = await readAll(fixture(name));
    assert.equal(found.get('d/f')!.content.toString(), 'hello\n');
    assert.equal(found.get('d/s')!.linkName.toString(), 'f');
  }
});

test('reads sparse files of PAX formats 0.0 and 0.1', async () => {
  for (const name of ['sparse-0.0', 'sparse-0.1']) {
    const sparse = (await readAll(fixture(name))).get('d/sp')!;
    assert.equal(sparse.size, 3_000_000);
    assert.equal(sparse.content.toString('latin1', 1_500_000, 1_500_006), 'middle');
  }
});

test('what is written is read back: names, numbers, times, attributes', async () => {
  const entries = [
    { type: 'file', name: 'short', size: 3 },
    { type: 'file', name: 'l/'.repeat(300), size: 0 },
    { type: 'file', name: 'caf\xe9/\xff', size: 1, uid: 2 ** 32 - 2, gid: 2 ** 31 },
    { type: 'directory', name: 'd/', mode: 0o1777, mtime: { seconds: -5, nanoseconds: 250_000_000 } },
    { type: 'symlink', name: 'link', linkName: '\xe9'.repeat(200) },
    { type: 'char', name: 'null', devMajor: 1, devMinor: 3, mtime: { seconds: 2 ** 35, nanoseconds: 1 } },
    { type: 'fifo', name: 'p', xattrs: [['user.\xe9=', 'v\n\0\xff']] },
  ] as const;
  const archive = entries.flatMap((entry) => {
    const {
      name,
      xattrs = [],
      ...rest
    } = entry as typeof entry & { xattrs?: string[][]; linkName?: string; size?: number };
    const attributes = xattrs.map(([key, value]) => ({ name: bytes(key!).subarray(0, -1), value: bytes(value!) }));
    const body = Buffer.alloc(rest.size ?? 0, 0x61);
    return [
      encodeEntry({ ...rest, name: bytes(name), linkName: bytes(rest.linkName ?? ''), xattrs: attributes }),
      body,
      paddingOf(body.length),
    ];
  });
  const found = await readAll(Buffer.concat([...archive, TAR_END]), 1000);
  assert.deepEqual(
    [...found.keys()],
    entries.map(({ name }) => name),
  );
  const odd = found.get('caf\xe9/\xff')!;
  assert.deepEqual([odd.uid, odd.gid, odd.content.toString()], [2 ** 32 - 2, 2 ** 31, 'a']);
  assert.deepEqual(found.get('d/')!.mtime, { seconds: -5, nanoseconds: 250_000_000 });
  assert.deepEqual(found.get('null')!.mtime, { seconds: 2 ** 35, nanoseconds: 1 });
  assert.equal(found.get('link')!.linkName.toString('latin1'), '\xe9'.repeat(200));
  assert.deepEqual(found.get('p')!.xattrs, [{ name: bytes('user.\xe9'), value: bytes('v\n\0\xff') }]);
});

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const header = (name: string, more: object = {}): Buffer =>
  encodeEntry({ type: 'file', name: Buffer.from(name), ...more });

/** A header changed after the fact, its sum made right again. */
function patched(block: Buffer, at: number, text: string): Buffer {
  block.write(text, at, 'latin1');
  block.fill(0x20, 148, 156);
  block.write(
    `${block
      .reduce((a, b) => a + b, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return block;
}

const meta = (flag: string, body: string): Buffer => {
  const content = Buffer.from(body, 'latin1');
  return Buffer.concat([
    patched(header('meta', { size: content.length }), 156, flag),
    content,
    paddingOf(content.length),
  ]);
};

for (const [what, archive, message] of [
  ['a wrong checksum', Buffer.concat([Buffer.from(header('a').fill(1, 0, 1)), TAR_END]), /wrong checksum/],
  ['a number that is not octal', patched(header('a'), 124, '0000000089\0'), /not octal/],
  ['a negative size', patched(header('a'), 124, '\xff'.repeat(12)), /negative size/],
  ['an enormous number', patched(header('a'), 124, '\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'), /too large/],
  ['a body that is cut off', Buffer.concat([header('a', { size: 10_000 }), Buffer.alloc(100)]), /unexpected EOF/],
  ['a header that is cut off', header('a').subarray(0, 300), /unexpected EOF/],
  ['one zero block and more', Buffer.concat([Buffer.alloc(512), header('a')]), /zero block/],
  [
    'a PAX header beyond the limit',
    header('a', { xattrs: [{ name: Buffer.from('user.x'), value: Buffer.alloc(2 ** 20) }] }),
    /extended header/,
  ],
  ['a PAX record without length', Buffer.concat([meta('x', 'path=a\n'), header('a')]), /no length/],
  ['a PAX record that is too long', Buffer.concat([meta('x', '99 path=a\n'), header('a')]), /wrong length/],
  ['a PAX record without key', Buffer.concat([meta('x', '6 =ab\n'), header('a')]), /no key/],
  ['a PAX name with a NUL', Buffer.concat([meta('x', '11 path=\0a\n'), header('a')]), /NUL/],
  ['a PAX size that is no number', Buffer.concat([meta('x', '11 size=-1\n'), header('a')]), /not decimal/],
  ['a PAX time that is no number', Buffer.concat([meta('x', '12 mtime=1e\n'), header('a')]), /not a number/],
  [
    'a sparse map out of order',
    Buffer.concat([meta('x', '29 GNU.sparse.map=100,5,50,5\n'), header('a', { size: 10 }), Buffer.alloc(512)]),
    /sparse map/,
  ],
  ['a long name beyond the limit', Buffer.concat([meta('L', 'n'.repeat(5000)), header('a')]), /longer than 4096/],
] as const) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(readAll(archive), (error: Error) => {
      assert.ok(isKind(error, 'invalid-argument'), String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  });
}

test('entries are limited, headers without an entry too', async () => {
  const many = Buffer.concat([...Array.from({ length: 11 }, () => header('a')), TAR_END]);
  await assert.rejects(readAll(many, 512, { entries: 10 }), /more than 10 entries/);
  const metas = Buffer.concat(Array.from({ length: 41 }, () => meta('x', '')));
  await assert.rejects(readAll(metas, 512, { entries: 10 }), /too many headers/);
});

test('an archive may end without its zero blocks', async () => {
  assert.equal((await readAll(header('a'))).size, 1);
  assert.equal((await readAll(Buffer.concat([header('a'), Buffer.alloc(512)]))).size, 1);
  assert.equal((await readAll(Buffer.alloc(0))).size, 0);
});

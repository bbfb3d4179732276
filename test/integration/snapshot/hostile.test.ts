import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { isKind } from '#errdefs';
import { paddingOf, TAR_END } from '#tar';
import type { Item } from './rig.ts';
import { archive, encodeItem, layerOf, portrait, sha256, snapshotRig } from './rig.ts';

type Rig = ReturnType<typeof snapshotRig>;

/** What is left of work that failed: nothing. */
async function assertClean({ data, snapshots }: Rig): Promise<void> {
  await snapshots.settled();
  for (const folder of ['l', '.ingest', '.trash']) assert.deepEqual(fs.readdirSync(join(data, folder)), [], folder);
}

async function assertRefused(rig: Rig, bytes: Buffer, message: RegExp, packed = bytes): Promise<void> {
  const layer = layerOf(bytes, packed);
  await assert.rejects(rig.snapshots.unpack(layer), (error: Error) => {
    assert.match(error.message, message);
    return true;
  });
  assert.equal(rig.snapshots.has(layer.chainId), false);
  await assertClean(rig);
}

/** Paths in a layer's own directory. */
async function unpacked(rig: Rig, items: readonly Item[]): Promise<Record<string, object>> {
  const layer = layerOf(archive(items));
  await rig.snapshots.unpack(layer);
  const [name] = fs.readdirSync(join(rig.data, 'l'));
  return portrait(join(rig.data, 'l', name!, 'diff'), { times: false });
}

test('names that lead out end up inside', async () => {
  await using rig = snapshotRig();
  const canary = join(rig.root, 'canary');
  fs.mkdirSync(canary);
  fs.writeFileSync(join(canary, 'file'), 'untouched');
  const up = '../'.repeat(20);
  const seen = await unpacked(rig, [
    { type: 'file', name: `${canary}/absolute`, content: 'x' },
    { type: 'file', name: `${up}${canary}/relative`, content: 'x' },
    { type: 'symlink', name: 'absolute-link', linkName: canary },
    { type: 'file', name: 'absolute-link/through', content: 'x' },
    { type: 'symlink', name: 'relative-link', linkName: `${up}${canary}` },
    { type: 'file', name: 'relative-link/through-too', content: 'x' },
    { type: 'file', name: 'relative-link/.wh.file' },
    { type: 'file', name: 'relative-link/.wh..wh..opq' },
    { type: 'symlink', name: 'dangling', linkName: '/made/../made/by/link' },
    { type: 'file', name: 'dangling/x', content: 'x' },
    { type: 'symlink', name: 'replaced', linkName: `${canary}/file` },
    { type: 'file', name: 'replaced', content: 'a file of the layer' },
    { type: 'symlink', name: 'dir-link', linkName: canary },
    { type: 'directory', name: 'dir-link', mode: 0o777, uid: 4 },
    { type: 'char', name: 'disk', devMajor: 254, devMinor: 0 },
    { type: 'symlink', name: 'disk', linkName: '/dev/vda' },
    { type: 'file', name: '..', content: 'x' },
    { type: 'file', name: '/', content: 'x' },
  ]);
  assert.deepEqual(fs.readdirSync(canary), ['file']);
  assert.equal(fs.readFileSync(join(canary, 'file'), 'utf8'), 'untouched');
  assert.equal(fs.statSync(canary).mode & 0o777, 0o755);
  for (const name of ['absolute', 'relative', 'through', 'through-too']) assert.ok(`${canary}/${name}` in seen, name);
  assert.ok('/made/by/link/x' in seen);
});

test('a hard link out of the layer is refused', async () => {
  await using rig = snapshotRig();
  const canary = join(rig.root, 'canary');
  fs.writeFileSync(canary, 'secret');
  for (const linkName of [canary, `${'../'.repeat(20)}${canary}`, 'absent', '']) {
    const bytes = archive([{ type: 'hardlink', name: 'l', linkName }]);
    await assertRefused(rig, bytes, /ENOENT|EEXIST|EPERM|EISDIR/);
  }
  const through = archive([
    { type: 'symlink', name: 'dir', linkName: rig.root },
    { type: 'hardlink', name: 'l', linkName: 'dir/canary' },
  ]);
  await assertRefused(rig, through, /ENOENT/);
  assert.equal(fs.statSync(canary).nlink, 1);
});

test('attributes of the overlay in an archive are dropped', async () => {
  await using rig = snapshotRig();
  const forged = [
    'user.overlay.opaque',
    'user.overlay.redirect',
    'user.overlay.metacopy',
    'trusted.overlay.opaque',
    'trusted.other',
  ];
  const xattrs = forged.map((name) => ({ name: Buffer.from(name), value: Buffer.from('y') }));
  await unpacked(rig, [
    { type: 'directory', name: 'd', xattrs: [...xattrs, { name: Buffer.from('user.kept'), value: Buffer.from('1') }] },
  ]);
  const [name] = fs.readdirSync(join(rig.data, 'l'));
  const { listXattrs } = await import('#sys');
  const kept = listXattrs(Buffer.from(join(rig.data, 'l', name!, 'diff/d')));
  assert.deepEqual(
    kept.map((xattr) => xattr.name.toString()),
    ['user.kept'],
  );
});

test('what is no archive is refused', async () => {
  await using rig = snapshotRig();
  const good = archive([{ type: 'file', name: 'f', content: 'x'.repeat(2000) }]);
  await assertRefused(rig, Buffer.from('no tar at all, '.repeat(100)), /invalid tar header/);
  await assertRefused(rig, good.subarray(0, 1000), /unexpected EOF/);
  await assertRefused(rig, good, /unexpected EOF|end of file/, gzipSync(good).subarray(0, 60));
  await assertRefused(
    rig,
    Buffer.concat([
      encodeItem({ type: 'file', name: 'f' })[0]!,
      ...encodeItem({ type: 'file', name: 'n'.repeat(5000) }),
    ]),
    /name/,
  );
  await assertRefused(rig, archive([{ type: 'file', name: 'n'.repeat(256) }]), /ENAMETOOLONG/);
  await assertRefused(rig, archive([{ type: 'file', name: 'a\0b'.padEnd(120, 'c') }]), /NUL/);
  const device = encodeItem({ type: 'file', name: 'odd' })[0]!;
  device.write('V', 156);
  await assertRefused(rig, withSum(device), /unhandled tar header type|invalid tar header/);
});

function withSum(header: Buffer): Buffer {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, TAR_END]);
}

test('bytes that are not those of the digest are refused', async () => {
  await using rig = snapshotRig();
  const bytes = archive([{ type: 'file', name: 'f', content: 'x' }]);
  const wrong = sha256(Buffer.from('other'));
  const source = { ...layerOf(bytes), chainId: wrong, diffId: wrong };
  await assert.rejects(rig.snapshots.unpack(source), (error) => isKind(error, 'invalid-argument'));
  await assertClean(rig);
});

test('bombs are refused: expansion, entries, directories, names', async () => {
  await using rig = snapshotRig({ limits: { entries: 1000, freeBytes: 2 ** 20, directoryBytes: 100_000 } });
  const zeros = archive([{ type: 'file', name: 'zeros', content: Buffer.alloc(64 * 2 ** 20) }]);
  await assertRefused(rig, zeros, /more than 100 times/, gzipSync(zeros));
  await assertRefused(rig, zeros, /more than 100 times/, zstdCompressSync(zeros));
  const many = archive(Array.from({ length: 1001 }, (_, i) => ({ type: 'file' as const, name: `f${i}` })));
  await assertRefused(rig, many, /more than 1000 entries/);
  const deep = archive([{ type: 'file', name: `${'d/'.repeat(1500)}f` }]);
  await assertRefused(rig, deep, /more than 1000 entries|too many directories/);
  const broad = archive(
    Array.from({ length: 900 }, (_, i) => ({ type: 'directory' as const, name: `${i}`.padEnd(200, 'n') })),
  );
  await assertRefused(rig, broad, /too many directories/);
});

test('a million entries unpack or are refused, in bounded time', { timeout: 120_000 }, async () => {
  await using rig = snapshotRig({ limits: { entries: 20_000 } });
  const one = encodeItem({ type: 'hardlink', name: 'f0', linkName: 'f' })[0]!;
  const first = Buffer.concat(encodeItem({ type: 'file', name: 'f' }));
  function* stream(): Generator<Buffer> {
    yield first;
    const block = Buffer.concat(Array.from({ length: 100 }, () => one));
    for (let i = 0; i < 10_000; i++) yield block;
  }
  const id = sha256(first);
  const open = () => Readable.from(stream(), { objectMode: false });
  await assert.rejects(rig.snapshots.unpack({ chainId: id, diffId: id, open }), /more than 20000 entries/);
  await assertClean(rig);
});

test('a source that fails, an abort, a launcher that is missing: nothing is left', async () => {
  await using rig = snapshotRig();
  const id = sha256(Buffer.from('x'));
  async function* broken(): AsyncGenerator<Buffer> {
    yield encodeItem({ type: 'file', name: 'f', size: 10_000 })[0]!;
    throw new Error('the registry went away');
  }
  const source = (open: () => Readable) => ({ chainId: id, diffId: id, open });
  await assert.rejects(rig.snapshots.unpack(source(() => Readable.from(broken(), { objectMode: false }))), /went away/);
  const abort = new AbortController();
  const endless = () => new Readable({ read() {} });
  const stopped = rig.snapshots.unpack(source(endless), { signal: abort.signal });
  setTimeout(() => abort.abort(new Error('the client went away')), 200);
  await assert.rejects(stopped, /client went away/);
  await assertClean(rig);
  await using blind = snapshotRig({ launcher: '/nonexistent', driver: 'overlay' });
  await assert.rejects(blind.snapshots.unpack(source(endless)), /ENOENT/);
  await assertClean(blind);
});

test('a tree full of traps: nothing of it is loaded or executed', async () => {
  await using rig = snapshotRig();
  const loaded = join('/', 'LOADED');
  const js = `require('node:fs').writeFileSync(${JSON.stringify(loaded)}, '1');`;
  const traps: Item[] = [
    { type: 'file', name: 'package.json', content: '{"type":"commonjs","main":"/index.js"}' },
    { type: 'file', name: 'index.js', content: js },
    {
      type: 'file',
      name: 'etc/ssl/openssl.cnf',
      content: 'openssl_conf = c\n[c]\nproviders = p\n[p]\nx = y\n[y]\nmodule = /evil.so\nactivate = 1\n',
    },
    { type: 'file', name: 'etc/ld.so.preload', content: '/evil.so\n' },
    { type: 'file', name: 'etc/nsswitch.conf', content: 'passwd: evil\n' },
    { type: 'file', name: 'lib/x86_64-linux-gnu/libnss_evil.so.2', content: 'not a library', mode: 0o755 },
    { type: 'file', name: 'etc/localtime', content: 'no time zone' },
    { type: 'file', name: 'usr/bin/xz', content: '#!/bin/sh\ntouch /LOADED\n', mode: 0o755 },
    { type: 'file', name: 'bin/sh', content: '#!/bin/sh\n', mode: 0o755 },
    ...['koffi', 'node:fs', 'fs', 'zlib', 'amaro'].flatMap((name): Item[] => [
      { type: 'file', name: `node_modules/${name}/package.json`, content: '{"main":"i.js"}' },
      { type: 'file', name: `node_modules/${name}/i.js`, content: js },
    ]),
    // The very paths of this program.
    ...['unpack.ts', 'populate.ts', 'main.ts', 'decompress.ts'].map(
      (name): Item => ({
        type: 'file',
        name: join(import.meta.dirname, '../../../src/snapshot/jail', name),
        content: 'throw new Error("LOADED")',
      }),
    ),
  ];
  // Twice, and a failure in between: error paths load lazily, too.
  const base = layerOf(archive(traps));
  await rig.snapshots.unpack(base);
  await assert.rejects(
    rig.snapshots.unpack(layerOf(archive([...traps, { type: 'hardlink', name: 'h', linkName: 'none' }]))),
    /ENOENT/,
  );
  await assert.rejects(
    rig.snapshots.unpack(layerOf(Buffer.concat([...traps.flatMap(encodeItem), Buffer.alloc(700, 1)]))),
    /tar header|EOF/,
  );
  await rig.snapshots.prepare('c', [base.chainId]);
  const volume = join(rig.root, 'volume');
  fs.mkdirSync(volume);
  await rig.snapshots.copyUp('c', '/', volume);
  assert.ok(fs.existsSync(join(volume, 'package.json')));
  for (const place of [
    loaded,
    join(volume, 'LOADED'),
    join(rig.data, 'l', fs.readdirSync(join(rig.data, 'l'))[0]!, 'diff/LOADED'),
  ]) {
    assert.equal(fs.existsSync(place), false, place);
  }
});

test('reading a file of an image goes through its links and never out', async () => {
  await using rig = snapshotRig();
  fs.writeFileSync(join(rig.root, 'canary'), 'secret');
  const base = layerOf(
    archive([
      { type: 'symlink', name: 'etc', linkName: '/usr/etc' },
      { type: 'file', name: 'usr/etc/passwd', content: 'root:x:0:0\n' },
      { type: 'symlink', name: 'usr/etc/group', linkName: '../../../../../lib/group' },
      { type: 'file', name: 'lib/group', content: 'g' },
      { type: 'symlink', name: 'out', linkName: join(rig.root, 'canary') },
      { type: 'symlink', name: 'up', linkName: `${'../'.repeat(30)}${rig.root}/canary` },
      { type: 'symlink', name: 'loop', linkName: 'loop' },
      { type: 'fifo', name: 'pipe' },
      { type: 'char', name: 'zero', devMajor: 1, devMinor: 5 },
      { type: 'symlink', name: 'proc', linkName: '/proc/self/environ' },
      { type: 'file', name: 'large', content: Buffer.alloc(100_000) },
    ]),
  );
  await rig.snapshots.unpack(base);
  await rig.snapshots.prepare('c', [base.chainId]);
  const read = async (path: string) => (await rig.snapshots.readFromSnapshot('c', path, 1000))?.toString();
  assert.equal(await read('/etc/passwd'), 'root:x:0:0\n');
  assert.equal(await read('etc/group'), 'g');
  assert.equal(
    await read('/../../etc/../etc/passwd'),
    'root:x:0:0\n',
    '.. is the one of the place that a link leads to',
  );
  assert.equal(await read('/etc/../lib/group'), undefined);
  for (const path of ['/out', '/up', '/loop', '/pipe', '/zero', '/proc', '/etc', '/none', '/etc/passwd/x', '', '/\0']) {
    assert.equal(await read(path), undefined, path);
  }
  await assert.rejects(read('/large'), /larger than 1000 bytes/);
});

test('padding is not needed at the end', async () => {
  await using rig = snapshotRig();
  const whole = Buffer.concat(encodeItem({ type: 'file', name: 'f', content: 'x' }));
  await rig.snapshots.unpack(layerOf(whole.subarray(0, whole.length - paddingOf(1).length)));
});

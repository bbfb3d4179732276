import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { AT_FDCWD, makeDevice, mknodat, setTimes, setXattr } from '#sys';
import { archive, layerOf, portrait, snapshotRig } from './rig.ts';

/** A tree with all that a layer can have, made with system calls and not by code under test. */
function makeTree(root: string): void {
  const at = (name: string | Buffer): Buffer => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)]);
  fs.mkdirSync(at('dir/deep/er'), { recursive: true });
  fs.writeFileSync(at('dir/file'), 'content\n');
  fs.writeFileSync(at(Buffer.from('caf\xe9', 'latin1')), 'not UTF-8');
  fs.writeFileSync(at(`dir/${'n'.repeat(255)}`), 'long name');
  fs.linkSync(at('dir/file'), at('dir/deep/hard'));
  fs.symlinkSync('../dir/file', at('dir/soft'));
  fs.symlinkSync(Buffer.from('caf\xe9', 'latin1'), at('dangling'));
  fs.linkSync(at('dangling'), at('dangling-too'));
  mknodat(AT_FDCWD, at('null'), 0o020666, makeDevice(1, 3));
  mknodat(AT_FDCWD, at('block'), 0o060660, makeDevice(259, 1_000_003));
  mknodat(AT_FDCWD, at('pipe'), 0o010622, 0);
  fs.writeFileSync(at('su'), 'x');
  fs.chownSync(at('su'), 0, 5);
  fs.chmodSync(at('su'), 0o6755);
  fs.mkdirSync(at('tmp'));
  fs.chmodSync(at('tmp'), 0o1777);
  fs.writeFileSync(at('big-ids'), 'x');
  fs.chownSync(at('big-ids'), 4_000_000_001, 2_147_483_649);
  fs.writeFileSync(at('ping'), 'x');
  fs.chownSync(at('ping'), 7, 7);
  // cap_net_raw+ep, revision 2
  setXattr(at('ping'), {
    name: Buffer.from('security.capability'),
    value: Buffer.from('0100000200200000000000000000000000000000', 'hex'),
  });
  setXattr(at('dir'), { name: Buffer.from('user.note'), value: Buffer.from([0, 1, 0xff, 0x0a, 0x3d]) });
  setXattr(at('dir/file'), { name: Buffer.from('user.empty'), value: Buffer.alloc(0) });
  const sparse = fs.openSync(at('sparse'), 'w');
  fs.ftruncateSync(sparse, 64 * 2 ** 20);
  fs.writeSync(sparse, 'in the middle', 30_000_001);
  fs.closeSync(sparse);
  fs.writeFileSync(at('random'), Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 2_654_435_761) >>> 24)));
  fs.writeFileSync(at('empty'), '');
  for (const [i, name] of ['dir/file', 'dangling', 'pipe', 'tmp', 'dir/deep', 'dir', '.'].entries()) {
    const time = { seconds: 1_000_000_000 + i * 1000, nanoseconds: 123_456_789 + i };
    setTimes(at(name), time, time);
  }
  setTimes(at('empty'), { seconds: -1000, nanoseconds: 1 }, { seconds: -1000, nanoseconds: 1 });
}

const TAR = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--sparse', '--format=posix'];

for (const [name, pack] of [
  ['plain', (bytes: Buffer) => bytes],
  ['gzip', (bytes: Buffer) => gzipSync(bytes)],
  [
    'gzip of several members',
    (bytes: Buffer) => Buffer.concat([gzipSync(bytes.subarray(0, 9999)), gzipSync(bytes.subarray(9999))]),
  ],
  ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
  [
    'zstd of several frames',
    (bytes: Buffer) =>
      Buffer.concat([zstdCompressSync(bytes.subarray(0, 9999)), zstdCompressSync(bytes.subarray(9999))]),
  ],
] as const) {
  test(`a ${name} layer made by GNU tar is the same in the container, byte for byte`, async () => {
    await using rig = snapshotRig();
    const source = join(rig.root, 'source');
    fs.mkdirSync(source);
    makeTree(source);
    const plain = execFileSync('tar', [...TAR, '-C', source, '-c', '.'], { maxBuffer: 2 ** 28 });
    const packed = pack(plain);
    const layer = layerOf(plain, packed);
    const expected = portrait(source);
    // The root of a container is Docker's, whatever the layer says of its own: 0755, of root.
    delete expected[''];
    const path = join(rig.root, 'layer');
    fs.writeFileSync(path, packed);
    const read: number[] = [];
    const file = { path, onRead: (bytes: number) => void read.push(bytes) };
    for (const [key, open] of Object.entries({ stream: layer.open, file: () => file })) {
      const { size } = await rig.snapshots.unpack({ ...layer, open });
      assert.ok(size >= 64 * 2 ** 20);
      assert.ok(rig.snapshots.has(layer.chainId));
      await rig.snapshots.prepare(key, [layer.chainId]);
      const got = portrait(rig.mount(key));
      delete got[''];
      assert.deepEqual(got, expected, key);
      await rig.snapshots.removeLayer(layer.chainId);
    }
    assert.equal(read.at(-1), packed.length, 'told how far the file was read');
  });
}

test('a file that is not the layer that it should be leaves nothing', async () => {
  await using rig = snapshotRig();
  const path = join(rig.root, 'layer');
  const plain = archive([{ type: 'file', name: 'f', content: 'x'.repeat(100_000) }]);
  const layer = { ...layerOf(plain), open: () => ({ path }) };
  const wrong: [Buffer, RegExp][] = [
    [Buffer.from(plain).fill('y', 600, 700), /wrong diff id calculated on extraction/],
    [plain.subarray(0, 50_000), /unexpected EOF/],
    [gzipSync(plain).subarray(0, 60), /unexpected EOF/],
    [Buffer.alloc(0), /wrong diff id calculated on extraction/],
  ];
  for (const [bytes, message] of wrong) {
    fs.writeFileSync(path, bytes);
    await assert.rejects(rig.snapshots.unpack(layer), { kind: 'invalid-argument', message });
    assert.equal(rig.snapshots.has(layer.chainId), false);
  }
  fs.rmSync(path);
  await assert.rejects(rig.snapshots.unpack(layer), /ENOENT/);
  assert.deepEqual(fs.readdirSync(join(rig.data, '.ingest')), []);
});

test('sparse files of all formats of GNU tar stay sparse', async () => {
  await using rig = snapshotRig();
  const source = join(rig.root, 'source');
  fs.mkdirSync(source);
  makeTree(source);
  const formats = [
    ['gnu'],
    ['posix', '--sparse-version=0.0'],
    ['posix', '--sparse-version=0.1'],
    ['posix', '--sparse-version=1.0'],
  ];
  for (const [i, [format, ...more]] of formats.entries()) {
    const plain = execFileSync('tar', [`--format=${format}`, ...more, '--sparse', '-C', source, '-c', 'sparse']);
    const layer = layerOf(plain);
    await rig.snapshots.unpack(layer);
    await rig.snapshots.prepare(`c${i}`, [layer.chainId]);
    const got = join(rig.mount(`c${i}`), 'sparse');
    assert.deepEqual(fs.readFileSync(got), fs.readFileSync(join(source, 'sparse')));
    assert.ok(fs.statSync(got).blocks * 512 < 2 ** 20, `${format} ${more}`);
  }
});

test('layers hide what is below: whiteouts, opaque directories, replaced kinds', async () => {
  await using rig = snapshotRig();
  const base = layerOf(
    archive([
      { type: 'directory', name: 'a/' },
      { type: 'file', name: 'a/one', content: '1' },
      { type: 'file', name: 'a/two', content: '2' },
      { type: 'directory', name: 'b/', mode: 0o700, uid: 9 },
      { type: 'file', name: 'b/old', content: 'old' },
      { type: 'directory', name: 'turns-file/' },
      { type: 'file', name: 'turns-file/x', content: 'x' },
      { type: 'file', name: 'turns-dir', content: 'x' },
      { type: 'directory', name: 'again/' },
      { type: 'file', name: 'again/old', content: 'x' },
      { type: 'file', name: 'gone', content: 'x' },
    ]),
  );
  const top = layerOf(
    archive([
      { type: 'file', name: 'a/.wh.one' },
      { type: 'directory', name: 'b/', mode: 0o750 },
      { type: 'file', name: 'b/.wh..wh..opq' },
      { type: 'file', name: 'b/new', content: 'new' },
      { type: 'file', name: 'turns-file', content: 'now a file' },
      { type: 'directory', name: 'turns-dir/' },
      { type: 'file', name: 'turns-dir/in', content: 'in' },
      { type: 'file', name: '.wh.again' },
      { type: 'directory', name: 'again/' },
      { type: 'file', name: 'again/new', content: 'x' },
      { type: 'file', name: '.wh.gone' },
      { type: 'file', name: '.wh..wh.plnk/1.2', content: 'aufs' },
    ]),
  );
  await Promise.all([rig.snapshots.unpack({ ...top, parent: base.chainId }), rig.snapshots.unpack(base)]);
  await rig.snapshots.prepare('c', [base.chainId, top.chainId]);
  const root = rig.mount('c');
  const names = Object.keys(portrait(root)).filter((name) => name !== '');
  assert.deepEqual(names, [
    '/a',
    '/a/two',
    '/again',
    '/again/new',
    '/b',
    '/b/new',
    '/turns-dir',
    '/turns-dir/in',
    '/turns-file',
  ]);
  assert.equal(fs.statSync(join(root, 'b')).mode & 0o7777, 0o750);
  const read = async (path: string) => (await rig.snapshots.readFromSnapshot('c', path, 100))?.toString();
  assert.equal(await read('/a/one'), undefined);
  assert.equal(await read('/a/two'), '2');
  assert.equal(await read('/b/old'), undefined);
  assert.equal(await read('b/../b/./new'), 'new');
  assert.equal(await read('/again/old'), undefined);
  assert.equal(await read('/turns-file'), 'now a file');
  assert.equal(await read('/turns-dir/in'), 'in');
  assert.equal(await read('/turns-dir'), undefined);
});

test('within one archive later entries replace earlier ones', async () => {
  await using rig = snapshotRig();
  const layer = layerOf(
    archive([
      { type: 'file', name: 'f', content: 'first' },
      { type: 'file', name: 'f', content: 'second' },
      { type: 'directory', name: 'd/' },
      { type: 'file', name: 'd/x/y', content: 'y' },
      { type: 'file', name: 'd', content: 'a file now' },
      { type: 'symlink', name: 'l', linkName: 'f' },
      { type: 'directory', name: 'l/', mode: 0o711, mtime: { seconds: 77, nanoseconds: 5 } },
      { type: 'file', name: 'l/in', content: 'in' },
      { type: 'file', name: './/e/./x', content: 'x' },
    ]),
  );
  await rig.snapshots.unpack(layer);
  await rig.snapshots.prepare('c', [layer.chainId]);
  const root = rig.mount('c');
  assert.equal(fs.readFileSync(join(root, 'f'), 'utf8'), 'second');
  assert.equal(fs.readFileSync(join(root, 'd'), 'utf8'), 'a file now');
  assert.equal(fs.statSync(join(root, 'l')).mode & 0o7777, 0o711);
  assert.equal(fs.statSync(join(root, 'l'), { bigint: true }).mtimeNs, 77_000_000_005n);
  assert.deepEqual(Object.keys(portrait(root)), ['', '/d', '/e', '/e/x', '/f', '/l', '/l/in']);
});

test('a container of 128 layers mounts', async () => {
  await using rig = snapshotRig();
  const chain: string[] = [];
  for (let i = 0; i < 128; i++) {
    // Chain ids of a real image are unrelated: here any digest does.
    const layer = layerOf(archive([{ type: 'file', name: `f${i % 3}`, content: `${i}` }]));
    if (i < 3) await rig.snapshots.unpack(layer);
    chain.push(layer.chainId);
  }
  const names = chain.slice(0, 3);
  const many = Array.from({ length: 128 }, (_, i) => names[i % 3]!);
  await rig.snapshots.prepare('k'.repeat(64), many);
  const options = rig.snapshots.mounts('k'.repeat(64)).mounts[0]!.options.join(',');
  assert.ok(options.length < 4096);
});

test('the native driver shows what the overlay shows', async () => {
  await using overlay = snapshotRig();
  await using native = snapshotRig({ driver: 'native' });
  const source = join(overlay.root, 'source');
  fs.mkdirSync(source);
  makeTree(source);
  const base = layerOf(execFileSync('tar', [...TAR, '-C', source, '-c', '.'], { maxBuffer: 2 ** 28 }));
  const top = layerOf(
    archive([
      { type: 'file', name: 'dir/.wh..wh..opq' },
      { type: 'directory', name: 'dir/', mode: 0o701 },
      { type: 'file', name: 'dir/only', content: 'only' },
      { type: 'file', name: '.wh.su' },
      { type: 'symlink', name: 'tmp', linkName: 'dir' },
    ]),
  );
  for (const { snapshots } of [overlay, native]) {
    await snapshots.unpack(base);
    await snapshots.unpack(top);
    await snapshots.prepare('c', [base.chainId, top.chainId]);
  }
  const [expected, got] = [portrait(overlay.mount('c')), portrait(native.mount('c'))];
  delete expected[''];
  delete got[''];
  assert.deepEqual(got, expected);
  assert.equal((await native.snapshots.readFromSnapshot('c', '/tmp/only', 10))?.toString(), 'only');
});

test('a directory that a layer takes for granted keeps what it is below', async () => {
  await using rig = snapshotRig();
  const base = layerOf(
    archive([
      { type: 'directory', name: 'tmp', mode: 0o1777, uid: 3, gid: 4, mtime: { seconds: 9, nanoseconds: 8 } },
      {
        type: 'directory',
        name: 'var/lib',
        mode: 0o711,
        xattrs: [{ name: Buffer.from('user.x'), value: Buffer.from('1') }],
      },
    ]),
  );
  const top = layerOf(
    archive([
      { type: 'file', name: 'tmp/new', content: 'x' },
      { type: 'file', name: 'var/lib/app/data', content: 'x' },
    ]),
  );
  const unpacked = await Promise.all([
    rig.snapshots.unpack(base),
    rig.snapshots.unpack({ ...top, parent: base.chainId }),
  ]);
  assert.deepEqual(unpacked, [{ size: 0 }, { size: 2 }]);
  await rig.snapshots.prepare('c', [base.chainId, top.chainId]);
  const root = rig.mount('c');
  const tmp = fs.statSync(join(root, 'tmp'), { bigint: true });
  assert.deepEqual([tmp.mode & 0o7777n, tmp.uid, tmp.gid, tmp.mtimeNs], [0o1777n, 3n, 4n, 9_000_000_008n]);
  assert.equal(fs.statSync(join(root, 'var/lib')).mode & 0o7777, 0o711);
  assert.equal(fs.statSync(join(root, 'var/lib/app')).mode & 0o7777, 0o755);
  assert.deepEqual(Object.keys((portrait(root)['/var/lib'] as { xattrs: object }).xattrs), ['user.x']);
});

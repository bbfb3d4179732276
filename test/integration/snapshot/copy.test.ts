import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { LAYER } from './crash-layer.ts';
import type { Item } from './rig.ts';
import { archive, layerOf, portrait, snapshotRig } from './rig.ts';

/** A stream that keeps what it is given. */
function sink(): { output: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { output, bytes: () => Buffer.concat(chunks) };
}

const TAR = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '-p', '-x'];

test('what is copied out and unpacked by GNU tar is the same', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  const { output, bytes } = sink();
  await rig.snapshots.copyOut('c', '/data', 'renamed', output);
  const out = join(rig.root, 'out');
  fs.mkdirSync(out);
  execFileSync('tar', [...TAR, '-C', out], { input: bytes() });
  assert.deepEqual(portrait(join(out, 'renamed')), portrait(join(rig.mount('c'), 'data')));
  const link = sink();
  await rig.snapshots.copyOut('c', '/var', 'var', link.output);
  execFileSync('tar', [...TAR, '-C', out], { input: link.bytes() });
  assert.equal(fs.readlinkSync(join(out, 'var')), '/data');
  await assert.rejects(rig.snapshots.copyOut('c', '/none', 'x', sink().output), /ENOENT/);
});

test('what is copied in stays below its directory and inside of the container', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  fs.writeFileSync(join(rig.root, 'canary'), 'untouched');
  const items: Item[] = [
    { type: 'file', name: 'f', content: 'replaced', uid: 12 },
    { type: 'file', name: 'new/deep', content: 'x', mode: 0o4711 },
    { type: 'file', name: '.wh.kept', content: 'a name like others' },
    { type: 'file', name: '../../up', content: 'x' },
    { type: 'symlink', name: 'away', linkName: rig.root },
    { type: 'file', name: 'away/canary', content: 'inside' },
    { type: 'hardlink', name: 'hard', linkName: 'f' },
  ];
  await rig.snapshots.copyIn('c', '/var', Readable.from([gzipSync(archive(items))], { objectMode: false }));
  const root = rig.mount('c');
  assert.equal(fs.readFileSync(join(root, 'data/f'), 'utf8'), 'replaced');
  assert.equal(fs.readFileSync(join(root, 'data/g'), 'utf8'), 'hello', 'the other name of the old file');
  assert.equal(fs.statSync(join(root, 'data/hard')).ino, fs.statSync(join(root, 'data/f')).ino);
  assert.equal(fs.statSync(join(root, 'data/new/deep')).mode & 0o7777, 0o4711);
  assert.ok(fs.existsSync(join(root, 'data/.wh.kept')) && fs.existsSync(join(root, 'data/up')));
  assert.equal(fs.readFileSync(join(root, rig.root, 'canary'), 'utf8'), 'inside');
  assert.equal(fs.readFileSync(join(rig.root, 'canary'), 'utf8'), 'untouched');
});

test('the changes of a container, written as a layer and unpacked again, are the same container', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  const root = rig.mount('c');
  fs.rmSync(join(root, 'file'));
  fs.rmSync(join(root, 'data'), { recursive: true });
  fs.mkdirSync(join(root, 'data'), { mode: 0o711 });
  fs.writeFileSync(join(root, 'data/new'), 'new');
  fs.linkSync(join(root, 'data/new'), join(root, 'linked'));
  fs.symlinkSync('nowhere', join(root, Buffer.from('s').toString()));
  const { output, bytes } = sink();
  await rig.snapshots.diff('c', output);
  const top = layerOf(bytes());
  await rig.snapshots.unpack({ ...top, parent: LAYER.chainId });
  await rig.snapshots.prepare('again', [LAYER.chainId, top.chainId]);
  const [expected, got] = [portrait(root), portrait(rig.mount('again'))];
  delete expected[''];
  delete got[''];
  assert.deepEqual(got, expected);
  const second = sink();
  await rig.snapshots.diff('c', second.output);
  assert.deepEqual(second.bytes(), bytes(), 'the same tree is the same archive');
});

test('a reader that goes away ends the jail', async () => {
  await using rig = snapshotRig();
  const big = layerOf(archive([{ type: 'file', name: 'big', content: Buffer.alloc(8 * 2 ** 20, 1) }]));
  await rig.snapshots.unpack(big);
  await rig.snapshots.prepare('c', [big.chainId]);
  const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the client went away')) });
  await assert.rejects(rig.snapshots.copyOut('c', 'big', 'big', output), /client went away/);
});

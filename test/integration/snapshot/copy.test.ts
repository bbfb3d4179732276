import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { CopyRules, Found } from '#snapshot';
import { AT_FDCWD, makeDevice, mknodat, setTimes, setXattr } from '#sys';
import { layerName } from '../../../src/snapshot/layer-name.ts';
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

type Rig = ReturnType<typeof snapshotRig>;
const VIEW = { writes: false };
const RULES = { keepsKinds: false, readonlyRoot: false, mounts: [] };

async function copyOut({ snapshots }: Rig, path: string, name: string, output: Writable): Promise<Found | undefined> {
  let found: Found | undefined;
  const onFound = (it: Found) => {
    found = it;
  };
  await snapshots.copyOut('c', { path, name, view: VIEW, output, onFound });
  return found;
}

async function copyIn({ snapshots }: Rig, path: string, bytes: Buffer, rules: Partial<CopyRules> = {}): Promise<void> {
  const input = Readable.from([bytes], { objectMode: false });
  await snapshots.copyIn('c', { path, rules: { ...RULES, ...rules }, view: { writes: true }, input });
}

const TAR = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '-p', '-x'];

test('what is copied out and unpacked by GNU tar is the same', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  const { output, bytes } = sink();
  await copyOut(rig, '/data', 'renamed', output);
  const out = join(rig.root, 'out');
  fs.mkdirSync(out);
  execFileSync('tar', [...TAR, '-C', out], { input: bytes() });
  assert.deepEqual(portrait(join(out, 'renamed')), portrait(join(rig.mount('c'), 'data')));
  const link = sink();
  const found = await copyOut(rig, '/var', 'var', link.output);
  assert.equal(found?.target, '/data');
  execFileSync('tar', [...TAR, '-C', out], { input: link.bytes() });
  assert.equal(fs.readlinkSync(join(out, 'var')), '/data');
  await assert.rejects(copyOut(rig, '/none', 'x', sink().output), /lstat \/none: no such file or directory/);
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
    { type: 'symlink', name: 'away', linkName: rig.root },
    { type: 'file', name: 'away/canary', content: 'inside' },
    { type: 'hardlink', name: 'hard', linkName: 'f' },
  ];
  await copyIn(rig, '/var', gzipSync(archive(items)));
  for (const bad of ['../up', 'a/../../up', '/../up']) {
    const climbing = archive([{ type: 'file', name: bad, content: 'x' }]);
    await assert.rejects(copyIn(rig, '/var', climbing), /invalid entry name/, bad);
    const linked = archive([{ type: 'hardlink', name: 'h', linkName: bad }]);
    await assert.rejects(copyIn(rig, '/var', linked), /invalid hardlink target/, bad);
  }
  const root = rig.mount('c');
  assert.equal(fs.readFileSync(join(root, 'data/f'), 'utf8'), 'replaced');
  assert.equal(fs.readFileSync(join(root, 'data/g'), 'utf8'), 'hello', 'the other name of the old file');
  assert.equal(fs.statSync(join(root, 'data/hard')).ino, fs.statSync(join(root, 'data/f')).ino);
  assert.equal(fs.statSync(join(root, 'data/new/deep')).mode & 0o7777, 0o4711);
  assert.ok(fs.existsSync(join(root, 'data/.wh.kept')) && !fs.existsSync(join(root, 'up')));
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

test('a commit writes the layer that the diff writes, and unpacks it as the archive would be', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId], { marks: ['.dockerenv'] });
  const root = rig.mount('c');
  writeOddities(root);
  const [diff, commit] = [sink(), sink()];
  await rig.snapshots.diff('c', diff.output);
  const unplaced = await rig.snapshots.commit('c', commit.output);
  assert.deepEqual(commit.bytes(), diff.bytes());
  const top = layerOf(commit.bytes());
  const chainId = `sha256:${'c'.repeat(64)}`;
  await unplaced.place({ chainId, diffId: top.diffId, parent: LAYER.chainId });
  await rig.snapshots.unpack({ ...top, parent: LAYER.chainId });
  await rig.snapshots.prepare('copied', [LAYER.chainId, chainId]);
  await rig.snapshots.prepare('unpacked', [LAYER.chainId, top.chainId]);
  const [copied, unpacked, expected] = [portrait(rig.mount('copied')), portrait(rig.mount('unpacked')), portrait(root)];
  // The root is in no archive; the mark in no layer.
  for (const tree of [copied, unpacked, expected]) for (const name of ['', '/.dockerenv']) delete tree[name];
  assert.deepEqual(copied, unpacked);
  assert.deepEqual(copied, expected);
});

test('a container that is over gives its own tree for its layer: it is what the archive unpacks to', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  const latest = 1_600_000_000;
  for (const key of ['kept', 'given']) {
    await rig.snapshots.prepare(key, [LAYER.chainId], { marks: ['.dockerenv'] });
    const root = rig.mount(key);
    writeOddities(root);
    leaveTraces(root);
    rig.unmount(key);
  }
  const [kept, given] = [sink(), sink()];
  const copy = await rig.snapshots.commit('kept', kept.output, { latest });
  const own = await rig.snapshots.commit('given', given.output, { latest, adopts: true });
  assert.equal(fs.existsSync(join(rig.data, 'c/given/upper')), false, 'nothing was copied');
  assert.deepEqual(given.bytes(), kept.bytes());
  assert.deepEqual([own.size, own.entries], [copy.size, copy.entries]);
  const chains = { kept: `sha256:${'c'.repeat(64)}`, given: `sha256:${'d'.repeat(64)}` };
  const { diffId } = layerOf(kept.bytes());
  await copy.place({ chainId: chains.kept, diffId, parent: LAYER.chainId });
  await own.place({ chainId: chains.given, diffId, parent: LAYER.chainId });
  const trees = Object.values(chains).map((chainId) => portrait(join(rig.data, 'l', layerName(chainId), 'diff')));
  for (const tree of trees) forget(tree);
  assert.deepEqual(trees[1], trees[0], 'the same files, whiteouts and times, and nothing else');
  assert.equal(await rig.snapshots.check(chains.given), 'whole');
});

/** What of two trees may differ: the time of the top, and the inode that an overlay's whiteouts share. */
function forget(tree: Record<string, object>): void {
  const top = tree[''] as { mtime?: bigint };
  delete top.mtime;
  for (const entry of Object.values(tree) as {
    mode: string;
    mtime?: bigint;
    nlink?: bigint;
    sameAs?: string;
    holes?: boolean;
  }[]) {
    delete entry.holes;
    if (!entry.mode.startsWith('20') || entry.mode === '20666') continue;
    for (const name of ['mtime', 'nlink', 'sameAs'] as const) delete entry[name];
  }
}

/** What a container leaves behind that is no change, or cannot be told of. */
function leaveTraces(root: string): void {
  for (const folder of ['dev/pts', 'proc', 'new/deep', 'empty/looked-into'])
    fs.mkdirSync(join(root, folder), { recursive: true });
  fs.rmdirSync(join(root, 'empty/looked-into'));
  fs.writeFileSync(join(root, 'dev/console'), '');
  fs.writeFileSync(join(root, 'late'), 'now');
  fs.symlinkSync('late', join(root, 'new/link'));
  execFileSync('perl', [
    '-MIO::Socket::UNIX',
    '-e',
    `IO::Socket::UNIX->new(Local => "${root}/new/socket", Listen => 1)`,
  ]);
  fs.chmodSync(root, 0o700);
  setXattr(Buffer.from(root), { name: Buffer.from('user.of-root'), value: Buffer.from('x') });
}

/** What archives and copies like to get wrong. */
function writeOddities(root: string): void {
  const at = (name: string | Buffer) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)]);
  fs.rmSync(at('file'));
  fs.rmSync(join(root, 'data'), { recursive: true });
  fs.mkdirSync(at('data'), { mode: 0o2711 });
  fs.writeFileSync(at('data/new'), 'new');
  fs.linkSync(at('data/new'), at('linked'));
  fs.symlinkSync('nowhere', at('link'));
  fs.writeFileSync(at(Buffer.from('caf\xe9', 'latin1')), 'latin');
  fs.writeFileSync(at(`${'n'.repeat(200)}`), 'a long name');
  const sparse = fs.openSync(at('sparse'), 'w');
  fs.writeSync(sparse, 'end', 3 * 2 ** 20);
  fs.closeSync(sparse);
  mknodat(AT_FDCWD, at('null'), fs.constants.S_IFCHR | 0o666, makeDevice(1, 3));
  mknodat(AT_FDCWD, at('fifo'), fs.constants.S_IFIFO | 0o640, 0);
  fs.writeFileSync(at('suid'), 'suid');
  fs.chownSync(at('suid'), 2 ** 31 + 7, 2 ** 31 + 8);
  fs.chmodSync(at('suid'), 0o4755);
  setXattr(at('suid'), { name: Buffer.from('user.note'), value: Buffer.from([0, 255, 10]) });
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  fs.writeFileSync(at('capable'), 'x');
  setXattr(at('capable'), { name: Buffer.from('security.capability'), value: capability });
  setTimes(at('suid'), { seconds: 1, nanoseconds: 2 }, { seconds: 1_234_567_890, nanoseconds: 123_456_789 });
  fs.mkdirSync(at('nothing-in-it'), { mode: 0o1777 });
  setTimes(at('nothing-in-it'), { seconds: 1, nanoseconds: 0 }, { seconds: -5, nanoseconds: 7 });
}

test('a commit that fails or is not placed leaves nothing', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the disk is full')) });
  await assert.rejects(rig.snapshots.commit('c', broken), /disk is full/);
  const unplaced = await rig.snapshots.commit('c', sink().output);
  await unplaced[Symbol.asyncDispose]();
  assert.deepEqual(fs.readdirSync(join(rig.data, '.ingest')), []);
});

test('a prepared commit writes what is there when it is written, and leaves nothing when it is not wanted', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  const options = { adopts: true, latest: 5 };
  for (let n = 0; n < 6; n++) {
    await using unwanted = rig.snapshots.prepareCommit('c', options);
    assert.ok(unwanted);
  }
  assert.deepEqual(fs.readdirSync(join(rig.data, '.ingest')), []);
  const commits = Array.from({ length: 6 }, () => rig.snapshots.prepareCommit('c', options));
  fs.writeFileSync(join(rig.data, 'c/c/upper/f'), 'written after the commit was prepared');
  const { output, bytes } = sink();
  await using unplaced = await commits[0]!.write(output);
  const expected = [{ type: 'file', name: 'f', content: 'written after the commit was prepared' }] as const;
  assert.deepEqual(bytes(), archive(expected.map((item) => ({ ...item, mtime: { seconds: 5, nanoseconds: 0 } }))));
  assert.equal(unplaced.entries, 1);
  await Promise.all(commits.map((commit) => commit[Symbol.asyncDispose]()));
  const chainId = `sha256:${'e'.repeat(64)}`;
  await unplaced.place({ chainId, diffId: chainId, parent: LAYER.chainId });
  assert.equal(await rig.snapshots.check(chainId), 'whole');
  assert.deepEqual(fs.readdirSync(join(rig.data, '.ingest')), []);
  const abort = new AbortController();
  await rig.snapshots.prepare('d', [LAYER.chainId]);
  await using aborted = rig.snapshots.prepareCommit('d', { signal: abort.signal });
  const refused = assert.rejects(aborted.write(sink().output), /no longer/);
  abort.abort(new Error('no longer'));
  await refused;
});

test('a reader that goes away ends the jail', async () => {
  await using rig = snapshotRig();
  const big = layerOf(archive([{ type: 'file', name: 'big', content: Buffer.alloc(8 * 2 ** 20, 1) }]));
  await rig.snapshots.unpack(big);
  await rig.snapshots.prepare('c', [big.chainId]);
  const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the client went away')) });
  await assert.rejects(copyOut(rig, '/big', 'big', output), /client went away/);
});

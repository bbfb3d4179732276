import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isKind } from '#errdefs';
import { LAYER } from './crash-layer.ts';
import { archive, layerOf, portrait, sha256, snapshotRig } from './rig.ts';

test('a snapshot is prepared, measured, read, removed', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  assert.equal((await rig.snapshots.unpack(LAYER)).size, 17, 'again is nothing');
  for (const key of ['k0', 'k1']) await rig.snapshots.prepare(key, [LAYER.chainId]);
  const root = rig.mount('k0');
  assert.deepEqual(await rig.snapshots.usage('k0'), { size: 0, inodes: 0 });
  fs.writeFileSync(join(root, 'new'), '12345678');
  fs.linkSync(join(root, 'new'), join(root, 'new2'));
  fs.rmSync(join(root, 'file'));
  assert.deepEqual(await rig.snapshots.usage('k0'), { size: 8, inodes: 2 });
  assert.equal((await rig.snapshots.readFromSnapshot('k0', '/new', 8))?.toString(), '12345678');
  assert.equal(await rig.snapshots.readFromSnapshot('k0', '/file', 8), undefined);
  await rig.snapshots.remove('k1');
  await rig.snapshots.remove('k1');
  assert.throws(
    () => rig.snapshots.mounts('k1'),
    (error) => isKind(error, 'not-found'),
  );
  await assert.rejects(rig.snapshots.prepare('k1', [sha256(Buffer.from('unknown'))]), (error) =>
    isKind(error, 'not-found'),
  );
  await rig.snapshots.prepare('scratch', []);
  assert.deepEqual(fs.readdirSync(rig.mount('scratch')), []);
});

test('removal deletes deep and odd trees', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.prepare('c', []);
  let path = join(rig.data, 'c/c/upper');
  for (let i = 0; i < 100; i++) {
    path = join(path, 'deeper');
    fs.mkdirSync(path);
    fs.writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0x80])]), 'x');
  }
  fs.symlinkSync('/', join(path, 'root'));
  await rig.snapshots.remove('c');
  assert.deepEqual(fs.readdirSync(join(rig.data, 'c')), []);
  await rig.snapshots.settled();
  assert.deepEqual(fs.readdirSync(join(rig.data, '.trash')), []);
});

test('the sweep takes what a crash left and what nobody owns', async () => {
  await using rig = snapshotRig();
  const other = layerOf(archive([{ type: 'file', name: 'other', content: 'x' }]));
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.unpack(other);
  await rig.snapshots.prepare('lives', [LAYER.chainId]);
  await rig.snapshots.prepare('dead', [LAYER.chainId]);
  fs.mkdirSync(join(rig.data, '.ingest/half/diff/x'), { recursive: true });
  fs.mkdirSync(join(rig.data, '.trash/old/x'), { recursive: true });
  const again = rig.reopen();
  assert.ok(again.has(LAYER.chainId) && again.has(other.chainId));
  await again.prepare('fresh', [LAYER.chainId]);
  const removed = await again.sweep(new Set(['lives']), new Set([LAYER.chainId]));
  assert.equal(removed.length, 3);
  await again.settled();
  assert.deepEqual(fs.readdirSync(join(rig.data, 'c')).sort(), ['fresh', 'lives']);
  assert.equal(again.has(other.chainId), false);
  assert.ok(again.has(LAYER.chainId));
  for (const folder of ['.ingest', '.trash']) assert.deepEqual(fs.readdirSync(join(rig.data, folder)), []);
  assert.deepEqual(await again.sweep(new Set(['lives', 'fresh']), new Set([LAYER.chainId])), []);
});

test('a volume gets the content, owner and mode of its place in the image, once', async () => {
  await using rig = snapshotRig();
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  const root = rig.mount('c');
  const volume = (name: string): string => {
    fs.mkdirSync(join(rig.root, name));
    return join(rig.root, name);
  };
  for (const [name, path] of [
    ['direct', '/data'],
    ['through-link', '/var/.'],
  ] as const) {
    const to = volume(name);
    await rig.snapshots.copyUp('c', path, to);
    assert.deepEqual(portrait(to), portrait(join(root, 'data')));
  }
  const empty = volume('of-empty');
  await rig.snapshots.copyUp('c', '/empty', empty);
  assert.deepEqual(
    [fs.statSync(empty).uid, fs.statSync(empty).gid, fs.statSync(empty).mode & 0o7777],
    [999, 998, 0o700],
  );
  const used = volume('used');
  fs.writeFileSync(join(used, 'mine'), 'x');
  await rig.snapshots.copyUp('c', '/data', used);
  assert.deepEqual(fs.readdirSync(used), ['mine']);
  for (const path of ['/none', '/file', '/data/p', '/none/../data/../..']) {
    const to = volume(`not-${path.replaceAll('/', '_')}`);
    await rig.snapshots.copyUp('c', path, to);
    assert.deepEqual(fs.readdirSync(to), []);
  }
});

test('a volume whose filling was cut off is filled from the start', async () => {
  await using rig = snapshotRig();
  const { setXattr, listXattrs } = await import('#sys');
  await rig.snapshots.unpack(LAYER);
  await rig.snapshots.prepare('c', [LAYER.chainId]);
  const to = join(rig.root, 'volume');
  fs.mkdirSync(to);
  fs.writeFileSync(join(to, 'f'), 'hel');
  setXattr(Buffer.from(to), { name: Buffer.from('user.gantry.filling'), value: Buffer.from('1') });
  await rig.snapshots.copyUp('c', '/data', to);
  assert.equal(fs.readFileSync(join(to, 'f'), 'utf8'), 'hello');
  assert.deepEqual(listXattrs(Buffer.from(to)), []);
});

const POINTS = ['begun', 'filled', 'adopted', 'described', 'synced', 'named', 'durable'].map(
  (step) => `snapshot.unpack.${step}`,
);
for (const point of [...POINTS, 'snapshot.prepare.folder', 'snapshot.prepare.upper', 'snapshot.prepare.lower']) {
  test(`killed at ${point}: a layer is whole or absent, a second try succeeds`, async () => {
    await using rig = snapshotRig();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-child.ts'), rig.data], {
      env: { ...process.env, GANTRY_FAILPOINT: point },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    const again = rig.reopen();
    const isWhole = again.has(LAYER.chainId);
    assert.equal(isWhole, !POINTS.slice(0, 5).includes(point));
    await again.sweep(new Set(), new Set([LAYER.chainId]));
    await again.settled();
    for (const folder of ['.ingest', '.trash', 'c'])
      assert.deepEqual(fs.readdirSync(join(rig.data, folder)), [], folder);
    assert.equal((await again.unpack(LAYER)).size, 17);
    await again.prepare('c', [LAYER.chainId]);
    assert.equal((await again.readFromSnapshot('c', 'data/f', 10))?.toString(), 'hello');
  });
}

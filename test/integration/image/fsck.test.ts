import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  globSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { FsckProblem, FsckReport } from '#api';
import type { Digest } from '#oci';
import { digestHex, digestOf } from '#oci';
import { RegistryDouble } from '../../harness/registry.ts';
import { dockerArchive, tar } from './archives.ts';
import { Engine } from './engine.ts';

const BASE = tar({ 'etc/base': 'base', 'etc/other': 'x'.repeat(1000) });
const TOP = tar({ 'etc/top': 'top' });
/** A name twice: the tree is smaller than the sum of its archive. */
const TWICE = Buffer.concat([tar({ 'etc/twice': 'first' }).subarray(0, 1024), tar({ 'etc/twice': 'second time' })]);

/** Hides names of the layers below, and has a directory of its own in place of one. */
const HIDING = tar({ 'etc/.wh.twice': '', 'var/.wh..wh..opq': '', 'var/log': 'log' });

async function check(engine: Engine, options = {}): Promise<FsckReport> {
  const lines = await Array.fromAsync(engine.images.fsck(options));
  const report = lines.at(-1)!.aux as FsckReport;
  assert.equal(lines.length, report.Problems.length + 1);
  return report;
}

const blobPath = (engine: Engine, digest: string) =>
  join(engine.root, 'content', 'blobs', 'sha256', digestHex(digest as Digest));

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}

const told = ({ Images: _, ...problem }: FsckProblem) => problem;

test('damaged blobs are derived or fetched again, whatever was done to them', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  const name = `${registry.host}/app:1`;
  const { id, bytes } = dockerArchive([name], [BASE, TOP]);
  await engine.load(bytes);
  assert.deepEqual(await check(engine), { Blobs: 4, Snapshots: 2, Problems: [] });
  await Array.fromAsync(engine.images.push(name, ''));
  const { manifest } = engine.images.resolve(name);
  const document = JSON.parse(readFileSync(blobPath(engine, manifest), 'utf8'));
  const [first, second] = document.layers.map((layer: { digest: string }) => layer.digest);

  flip(blobPath(engine, id));
  truncateSync(blobPath(engine, first), 10);
  rmSync(blobPath(engine, second));
  flip(blobPath(engine, manifest));
  const blob = { Kind: 'blob', Error: '' };
  const again = `fetched again from ${registry.host}/app`;
  const report = await check(engine, { dryRun: true });
  assert.deepEqual(
    report.Problems.map(({ Digest, What, Repair }) => [Digest, What, Repair]),
    [
      [id, 'damaged', ''],
      [manifest, 'damaged', ''],
    ],
    'a manifest that cannot be read tells of no layers',
  );
  const { Problems } = await check(engine);
  assert.deepEqual(Problems.map(told), [
    { ...blob, Digest: id, What: 'damaged', Repair: 'written again from the database' },
    { ...blob, Digest: manifest, What: 'damaged', Repair: again },
    { ...blob, Digest: first, What: 'damaged', Repair: again },
    { ...blob, Digest: second, What: 'missing', Repair: again },
  ]);
  assert.deepEqual(Problems[0]!.Images, [name]);
  assert.deepEqual((await check(engine)).Problems, []);
  assert.deepEqual(readdirSync(join(engine.root, 'content', 'ingest')), []);
});

test('what nobody has is told with what to do, and the next load heals it', async () => {
  await using engine = new Engine();
  const { bytes } = dockerArchive(['app:1'], [BASE]);
  await engine.load(bytes);
  flip(blobPath(engine, digestOf(BASE)));
  const { Problems } = await check(engine);
  assert.deepEqual(Problems.map(told), [
    {
      Kind: 'blob',
      Digest: digestOf(BASE),
      What: 'damaged',
      Repair: '',
      Error: 'no registry is known to have it: load or pull the image again',
    },
  ]);
  rmSync(blobPath(engine, digestOf(BASE)));
  await engine.load(bytes);
  assert.deepEqual((await check(engine)).Problems, []);
});

test('damaged trees are unpacked again, unless a container runs on them', async () => {
  await using engine = new Engine();
  const { id, bytes } = dockerArchive(['app:1'], [BASE, TWICE]);
  await engine.load(bytes);
  const first = await check(engine);
  assert.deepEqual(
    first.Problems.map(({ Kind, Repair }) => [Kind, Repair]),
    [['snapshot', 'unpacked again']],
  );
  assert.deepEqual((await check(engine)).Problems, [], 'the size of that tree is known now');
  const [path] = globSync(join(engine.root, 'snapshots', 'l', '*', 'diff', 'etc', 'other'));
  const [chainId] = engine.images.resolve('app:1').layers;
  truncateSync(path!, 3);
  engine.users.set(id, [{ id: 'a'.repeat(64), name: 'web', running: true }]);
  const problem = { Kind: 'snapshot', Digest: chainId, What: 'damaged' };
  assert.deepEqual((await check(engine)).Problems.map(told), [
    { ...problem, Repair: '', Error: 'container web runs on it: stop it and check again' },
  ]);
  engine.users.clear();
  assert.deepEqual((await check(engine)).Problems.map(told), [{ ...problem, Repair: 'unpacked again', Error: '' }]);
  assert.equal(readFileSync(path!, 'utf8').length, 1000);
});

test('a deep check finds what has its size and not its content, owner or target, and unpacks it again', async () => {
  await using engine = new Engine();
  const first = tar({ content: 'base', owner: '', mode: '', link: { link: 'etc' }, gone: '' });
  await engine.load(dockerArchive(['app:1'], [first, TWICE, HIDING]).bytes);
  const deep = { deep: true };
  assert.deepEqual(
    (await check(engine, deep)).Problems.map(({ Kind }) => Kind),
    ['snapshot'],
    'the size of the tree of TWICE is written down',
  );
  const [folder] = globSync(join(engine.root, 'snapshots/l/*/diff/content')).map(dirname);
  const at = (name: string) => join(folder!, name);
  flip(at('content'));
  chownSync(at('owner'), 1, 1);
  chmodSync(at('mode'), 0o600);
  rmSync(at('link'));
  symlinkSync('ect', at('link'));
  rmSync(at('gone'));
  assert.deepEqual((await check(engine)).Problems, [], 'sizes alone do not tell');
  const [problem, ...others] = (await check(engine, deep)).Problems;
  assert.deepEqual([problem!.What, problem!.Repair, others], ['damaged', 'unpacked again', []]);
  assert.deepEqual(problem!.Paths, ['content', 'owner', 'mode', 'link', 'gone']);
  assert.equal(readFileSync(at('content'), 'utf8'), 'base');
  assert.deepEqual((await check(engine, deep)).Problems, []);
});

test('damaged blobs are fetched with the credentials of their registry, and of no other', async () => {
  await using registry = await RegistryDouble.open();
  await using engine = new Engine();
  registry.image('secret', 'latest', [BASE]);
  const name = `${registry.host}/secret`;
  await engine.pull(name, 'latest');
  registry.guard = { scheme: 'bearer', user: 'u', password: 'p' };
  const { manifest } = engine.images.resolve(name);
  const known = { username: 'u', password: 'p' };
  const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const repairs = async (options: object) => {
    flip(blobPath(engine, manifest));
    const { Problems } = await check(engine, options);
    return Problems.map(({ Repair, Error: why }) => Repair || why);
  };
  const [refused] = await repairs({ auth: header(known), registryConfig: header({ 'other.example': known }) });
  assert.match(refused!, /: unauthorized: .*: load or pull the image again$/);
  assert.equal(registry.asked.filter(({ headers }) => headers.authorization?.startsWith('Basic')).length, 0);
  flip(blobPath(engine, manifest));
  const again = `fetched again from ${name}`;
  assert.deepEqual(await repairs({ registryConfig: header({ [registry.host]: known }) }), [again]);
  assert.deepEqual(await repairs({ auth: header({ ...known, serveraddress: registry.host }) }), [again]);
});

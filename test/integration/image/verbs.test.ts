import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Progress } from '#api';
import { digestOf, shortId } from '#oci';
import { dockerArchive, tar } from './archives.ts';
import { Engine, NOTHING } from './engine.ts';

const BASE = tar({ base: 'base' });
const TOP = tar({ top: 'top' });

async function loaded(...tags: string[]) {
  const engine = new Engine();
  const { id, bytes } = dockerArchive(tags, [BASE, TOP]);
  await engine.load(bytes);
  return { engine, id, images: engine.images, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
}

test('resolve: name, id, beginning of an id; not found in the words of Docker', async () => {
  await using all = await loaded('app:1');
  const { images, id } = all;
  for (const name of [
    'app:1',
    'docker.io/library/app:1',
    id,
    id.slice(7),
    id.slice(7, 9),
    `sha256:${id.slice(7, 19)}`,
  ]) {
    assert.equal(images.resolve(name).id, id, name);
    assert.equal(images.idOf(name), id, name);
  }
  const missing: [name: string, message: string][] = [
    ['app', 'No such image: app:latest'],
    ['quay.io/app:2', 'No such image: quay.io/app:2'],
    [`sha256:${'0'.repeat(64)}`, `No such image: sha256:${'0'.repeat(64)}`],
  ];
  for (const [name, message] of missing) {
    assert.throws(() => images.inspect(name), { message, kind: 'not-found' });
    assert.equal(images.idOf(name), undefined);
  }
  assert.throws(() => images.resolve('BAD'), { kind: 'invalid-argument' });
  assert.equal(images.idOf('BAD'), undefined);
});

test('tag: events, time, refusals; then untag by name, and the last name takes the image', async () => {
  await using all = await loaded('app:1');
  const { images, engine, id } = all;
  await images.tag('app:1', { repo: 'app', tag: '2' });
  await images.tag(id, { repo: '', tag: '' });
  await assert.rejects(images.tag('nosuch', { repo: 'x', tag: '' }), { message: 'No such image: nosuch:latest' });
  await assert.rejects(images.tag('app:1', { repo: 'a/b', tag: '--' }), { message: 'invalid tag format' });
  assert.deepEqual(images.inspect(id).RepoTags, ['app:1', 'app:2']);
  assert.notEqual(images.inspect(id).Metadata.LastTagTime, '0001-01-01T00:00:00Z');
  assert.deepEqual(await images.remove('app:1'), [{ Untagged: 'app:1' }]);
  const chain = images.resolve('app:2').layers;
  assert.deepEqual(await images.remove('app:2'), [
    { Untagged: 'app:2' },
    { Deleted: id },
    { Deleted: chain[1] },
    { Deleted: chain[0] },
  ]);
  assert.deepEqual(await engine.left(), NOTHING);
  assert.deepEqual(engine.events(), [`load ${id}`, 'tag app:2', `untag ${id}`, `untag ${id}`, `delete ${id}`]);
});

test('remove by id: one name goes along, several need force', async () => {
  await using all = await loaded('app:1', 'app:2');
  const { images, id } = all;
  await assert.rejects(images.remove(id), {
    message: `conflict: unable to delete ${shortId(id)} (must be forced) - image is referenced in multiple repositories`,
    kind: 'conflict',
  });
  const items = await images.remove(id.slice(7, 20), { force: true });
  assert.deepEqual(items.slice(0, 3), [{ Untagged: 'app:1' }, { Untagged: 'app:2' }, { Deleted: id }]);
});

test('an image in use: stopped containers give way to force, running ones do not', async () => {
  await using all = await loaded('app:1');
  const { images, engine, id } = all;
  const container = { id: 'c'.repeat(64), name: 'web' };
  const short = 'c'.repeat(12);
  engine.users.set(id, [{ ...container, running: true }]);
  await assert.rejects(images.remove('app:1'), {
    message: `conflict: unable to remove repository reference "app:1" (must force) - container ${short} is using its referenced image ${shortId(id)}`,
  });
  const hard = `conflict: unable to delete ${shortId(id)} (cannot be forced) - image is being used by running container ${short}`;
  await assert.rejects(images.remove(id), { message: hard });
  await assert.rejects(images.remove(id, { force: true }), { message: hard });
  engine.users.set(id, [{ ...container, running: false }]);
  await assert.rejects(images.remove(id), {
    message: `conflict: unable to delete ${shortId(id)} (must be forced) - image is being used by stopped container ${short}`,
  });
  assert.deepEqual(await images.remove(id, { force: true }), [{ Untagged: 'app:1' }, { Deleted: id }]);
  assert.deepEqual(images.list(), []);
  assert.throws(() => images.resolve(id), { kind: 'not-found' });
  assert.equal(images.get(id)?.id, id, 'its container still finds it');
  assert.equal(engine.snapshots.has(images.get(id)!.layers[0]!), true);
  engine.users.clear();
  await images.collect();
  assert.equal(images.get(id), undefined);
  assert.deepEqual(await engine.left(), NOTHING);
});

test('a running container keeps its image when only the name is forced away', async () => {
  await using all = await loaded('app:1');
  const { images, engine, id } = all;
  engine.users.set(id, [{ id: 'c'.repeat(64), name: 'web', running: true }]);
  assert.deepEqual(await images.remove('app:1', { force: true }), [{ Untagged: 'app:1' }]);
  assert.deepEqual(images.inspect(id).RepoTags, []);
});

test('prune: what has no name, with dangling=false what nobody uses', async () => {
  await using all = await loaded('app:1');
  const { images, engine, id } = all;
  const other = dockerArchive(null, [BASE], { comment: 'dangling' });
  await engine.load(other.bytes);
  assert.deepEqual((await images.prune({ 'label!': ['made'] })).ImagesDeleted, null);
  assert.deepEqual(await images.prune(), { ImagesDeleted: [{ Deleted: other.id }], SpaceReclaimed: 0 });
  engine.users.set(id, [{ id: 'c'.repeat(64), name: 'web', running: false }]);
  assert.deepEqual((await images.prune({ dangling: ['false'] })).ImagesDeleted, null);
  engine.users.clear();
  const report = await images.prune({ dangling: ['false'] });
  assert.ok(report.SpaceReclaimed > 0);
  assert.deepEqual(await engine.left(), NOTHING);
  await assert.rejects(images.prune({ reference: ['x'] }), { message: "invalid filter 'reference'" });
});

test('import: an image of a tree, with changes, a message and a name', async () => {
  await using engine = new Engine();
  const { images } = engine;
  const changes = ['CMD ["sh"]', 'ENV PATH=/bin', 'LABEL a=b'];
  const [line] = await engine.import(BASE, { repo: 'imp', tag: '1', message: 'hello', changes });
  const image = images.inspect('imp:1');
  assert.deepEqual(line, { status: image.Id });
  assert.deepEqual(image.Config!.Cmd, ['sh']);
  assert.deepEqual([image.Comment, image.DockerVersion, image.Os], ['hello', '1.2.3', 'linux']);
  assert.deepEqual(image.RootFS.Layers, [digestOf(BASE)]);
  await engine.import(gzipSync(BASE));
  const [packed] = images.list({ filters: { dangling: ['true'] } });
  assert.deepEqual(images.inspect(packed!.Id).RootFS.Layers, [digestOf(BASE)], 'a packed tree is the same layer');
  assert.equal(images.inspect(packed!.Id).Comment, 'Imported from -');
  assert.deepEqual(engine.events(), ['tag imp:1', `import ${image.Id}`, `import ${packed!.Id}`]);
});

test('import: what is no tar, no name, no platform leaves nothing', async () => {
  await using engine = new Engine();
  const junk = Buffer.alloc(4096, 'x');
  await assert.rejects(engine.import(junk), { message: 'archive/tar: invalid tar header', kind: 'internal' });
  await assert.rejects(engine.import(BASE, { repo: 'IMP' }), { kind: 'invalid-argument' });
  await assert.rejects(engine.import(BASE, { platform: 'windows/amd64' }), {
    message: 'operating system is not supported',
  });
  await assert.rejects(engine.import(BASE, { changes: ['RUN x'] }), { message: 'RUN is not a valid change command' });
  assert.deepEqual(engine.images.list(), []);
  assert.deepEqual(await engine.left(), NOTHING);
});

test('filters of list', async () => {
  await using all = await loaded('app:1', 'quay.io/team/app:2');
  const { images, engine } = all;
  await engine.load(dockerArchive(['late:1'], [TOP], { created: '2025-01-01T00:00:00Z', config: {} }).bytes);
  const tags = (filters: Record<string, string[]>) => images.list({ filters }).map(({ RepoTags }) => RepoTags);
  assert.deepEqual(tags({}), [['late:1'], ['app:1', 'quay.io/team/app:2']]);
  assert.deepEqual(tags({ reference: ['app'] }), [['app:1']]);
  assert.deepEqual(tags({ reference: ['quay.io/*/app', 'la*'] }), [['late:1'], ['quay.io/team/app:2']]);
  assert.deepEqual(tags({ before: ['late:1'] }), [['app:1', 'quay.io/team/app:2']]);
  assert.deepEqual(tags({ since: ['app:1'] }), [['late:1']]);
  assert.deepEqual(tags({ label: ['made=test'] }), [['app:1', 'quay.io/team/app:2']]);
  assert.deepEqual(tags({ dangling: ['true'] }), []);
  assert.throws(() => tags({ since: ['nosuch'] }), { message: 'No such image: nosuch:latest' });
});

test('an archive is imported from where it lies', async () => {
  await using engine = new Engine();
  const server = createServer((request, response) => {
    response
      .writeHead(request.url === '/base.tar' ? 200 : 404)
      .end(request.url === '/base.tar' ? BASE : 'nothing here');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const lines: Progress[] = [];
    for await (const line of engine.images.importUrl(`${place}/base.tar`, { repo: 'fetched' })) lines.push(line);
    assert.equal(lines[0]?.status, `Downloading from http://${place}/base.tar`);
    const { Id, Comment } = engine.images.inspect('fetched');
    assert.deepEqual([lines[1]?.status, Comment], [Id, `Imported from ${place}/base.tar`]);
    await assert.rejects(engine.images.importUrl(`${place}/none`, {}).next(), {
      message: `failed to GET http://${place}/none with status 404 Not Found: nothing here`,
    });
    await assert.rejects(engine.images.importUrl('{', {}).next(), {
      kind: 'invalid-argument',
      message: 'parse "http://{": invalid character "{" in host name',
    });
    await assert.rejects(engine.images.importUrl('ftp://x/y', {}).next(), /unsupported protocol scheme "ftp"$/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

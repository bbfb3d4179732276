import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Progress } from '#api';
import { layerOf, RegistryDouble, send, TYPES } from '../../harness/registry.ts';
import { Engine, NOTHING } from './engine.ts';

const statuses = (lines: readonly Progress[]) => lines.map(({ status, id }) => (id ? `${id}: ${status}` : status));
const one = layerOf({ one: 'one' });
/** Does not shrink, so that it comes in many pieces. */
const large = layerOf({ large: randomBytes(3_000_000) });

test('an image of an index, with layers packed in each way, comes with all of Docker’s lines and names', async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  const name = `${registry.host}/a/b`;
  const zstd = registry.image('a/b', 'z', [one, large], { packing: 'zstd' });
  const arm = registry.image('a/b', 'arm', [one], { architecture: 'arm64' });
  const platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
  const manifests = [
    { ...arm, platform: { os: 'linux', architecture: 's390x' } },
    { ...zstd, platform },
  ];
  const index = registry.manifest('a/b', 'v1', { schemaVersion: 2, mediaType: TYPES.index, manifests }, TYPES.index);
  const lines = await engine.pull(name, 'v1');
  const said = statuses(lines).filter((line) => !/Downloading|Extracting|Waiting/.test(line!));
  assert.equal(said[0], 'v1: Pulling from a/b');
  assert.deepEqual(said.slice(-2), [`Digest: ${index.digest}`, `Status: Downloaded newer image for ${name}:v1`]);
  for (const status of ['Pulling fs layer', 'Verifying Checksum', 'Download complete', 'Pull complete']) {
    assert.equal(said.filter((line) => line!.endsWith(`: ${status}`)).length, 2, status);
  }
  assert.ok(
    lines.some(
      ({ status, progressDetail }) => status === 'Extracting' && progressDetail?.current === progressDetail?.total,
    ),
  );
  const image = engine.images.inspect(`${name}:v1`);
  assert.deepEqual(image.RepoDigests, [`${name}@${index.digest}`]);
  assert.equal(engine.images.get(image.Id)!.target.digest, index.digest);
  assert.deepEqual(engine.events(), [`pull ${name}`]);
  const own = registry.manifests.get(`a/b@${zstd.digest}`)!;
  assert.ok(own);
  assert.match(
    (await engine.pull(name, zstd.digest)).at(-1)!.status!,
    /^Status: Downloaded newer image for .*@sha256:/,
  );
  assert.match((await engine.pull(name, index.digest)).at(-1)!.status!, /^Status: Image is up to date for .*@sha256:/);
  const { asked } = registry;
  asked.length = 0;
  assert.deepEqual(statuses(await engine.pull(name, 'v1')).at(-1), `Status: Image is up to date for ${name}:v1`);
  assert.deepEqual(
    asked.map(({ line }) => line),
    ['GET /v2/', 'HEAD /v2/a/b/manifests/v1'],
  );
  registry.image('plain', 'latest', [one, large], { packing: 'none' });
  await engine.pull(`${registry.host}/plain`, 'latest');
  await engine.images.remove(image.Id, { force: true });
  assert.deepEqual(await engine.left(), NOTHING);
});

test('a repository is pulled with all its tags', async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  for (const tag of ['a', 'b']) registry.image('all', tag, [one, layerOf({ tag })]);
  const lines = await engine.pull(`${registry.host}/all`, '');
  assert.equal(lines.at(-1)!.status, `Status: Downloaded newer image for ${registry.host}/all`);
  assert.equal(engine.images.list().length, 2);
});

/** Holds back every answer with a blob of this digest until it is opened. */
function gate(registry: RegistryDouble, digest: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  registry.behaviour = async (request, response) => {
    if (!request.url!.endsWith(digest)) return false;
    arrived.resolve();
    response.once('close', () => closed.resolve());
    const bytes = registry.blobs.get(digest)!;
    response.setHeader('content-length', bytes.length);
    response.write(bytes.subarray(0, 1000));
    await promise;
    response.end(bytes.subarray(1000));
    return true;
  };
  return { open: resolve, arrived: arrived.promise, closed: closed.promise };
}

const layerDigest = (registry: RegistryDouble) => [...registry.blobs].find(([, bytes]) => bytes.length > 1_000_000)![0];

test('pulls share a layer on its way; one that is left goes on for the other', { timeout: 90_000 }, async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  registry.image('x', 'latest', [large]);
  registry.image('y', 'latest', [large, one]);
  const digest = layerDigest(registry);
  const { open, arrived } = gate(registry, digest);
  const leaving = new AbortController();
  const left = engine.pull(`${registry.host}/x`, 'latest', { signal: leaving.signal });
  left.catch(() => {});
  await arrived;
  const stays = engine.pull(`${registry.host}/y`, 'latest');
  while (registry.count(/GET \/v2\/y\/blobs/) < 2) await new Promise((wake) => setTimeout(wake, 10));
  leaving.abort(new Error('client gone'));
  await assert.rejects(left, /client gone/);
  open();
  assert.match((await stays).at(-1)!.status!, /Downloaded newer image/);
  assert.equal(registry.count(new RegExp(`blobs/${digest}`)), 1);
  assert.deepEqual(
    engine.images.list().map(({ RepoTags }) => RepoTags),
    [[`${registry.host}/y:latest`]],
  );
});

test('a pull that everybody left stops, and goes on where it was, also by another daemon', {
  timeout: 90_000,
}, async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  registry.image('x', 'latest', [large]);
  const digest = layerDigest(registry);
  const { arrived, closed } = gate(registry, digest);
  const leaving = new AbortController();
  const left = engine.pull(`${registry.host}/x`, 'latest', { signal: leaving.signal });
  left.catch(() => {});
  await arrived;
  const partial = join(engine.root, 'content/partial', digest.slice('sha256:'.length));
  while (!readdirSync(join(engine.root, 'content/partial')).length || readFileSync(partial).length < 1000) {
    await new Promise((wake) => setTimeout(wake, 10));
  }
  assert.equal((await engine.images.prune()).SpaceReclaimed, 0);
  leaving.abort(new Error('client gone'));
  await assert.rejects(left, /client gone/);
  await closed;
  registry.behaviour = undefined;
  const again = engine.restart().pull(`${registry.host}/x`, 'latest');
  for await (const _ of again);
  assert.equal(registry.asked.at(-1)!.headers.range, 'bytes=1000-');
  writeFileSync(partial, 'left');
  assert.equal((await engine.images.prune()).SpaceReclaimed, 4);
  assert.deepEqual(readdirSync(join(engine.root, 'content/partial')), []);
});

test('a line that breaks is taken up again; what a power cut damaged is fetched anew', {
  timeout: 90_000,
}, async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  registry.image('x', 'latest', [large]);
  const digest = layerDigest(registry);
  let breaks = 1;
  registry.behaviour = (request, response) => {
    if (!request.url!.endsWith(digest) || breaks-- <= 0) return false;
    const bytes = registry.blobs.get(digest)!;
    response.setHeader('content-length', bytes.length);
    response.write(bytes.subarray(0, 500_000), () => response.destroy());
    return true;
  };
  const lines = await engine.pull(`${registry.host}/x`, 'latest');
  assert.ok(lines.some(({ status }) => status === 'Retrying in 1 second'));
  assert.match(registry.asked.at(-1)!.headers.range!, /^bytes=\d{4,}-$/);
  await engine.images.remove(`${registry.host}/x`);
  writeFileSync(join(engine.root, 'content/partial', digest.slice('sha256:'.length)), Buffer.alloc(1000));
  await engine.pull(`${registry.host}/x`, 'latest');
  assert.equal(engine.images.list().length, 1);
});

test('a registry without ranges sends all again, and what is here of it is passed over', async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  registry.image('x', 'latest', [large]);
  const digest = layerDigest(registry);
  const bytes = registry.blobs.get(digest)!;
  writeFileSync(join(engine.root, 'content/partial', digest.slice('sha256:'.length)), bytes.subarray(0, 70_000));
  registry.behaviour = (request, response) => {
    if (!request.url!.endsWith(digest)) return false;
    delete request.headers.range;
    send(request, response, bytes);
    return true;
  };
  await engine.pull(`${registry.host}/x`, 'latest');
  assert.equal(engine.images.list().length, 1);
});

test('credentials open a registry, by password and by token; without them Docker’s refusal is told', async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  registry.image('secret', 'latest', [one]);
  const name = `${registry.host}/secret`;
  const pull = (credentials = {}) => engine.pull(name, 'latest', { credentials });
  registry.guard = { scheme: 'basic', user: 'u', password: 'p' };
  await assert.rejects(pull(), {
    message: `Head "http://${registry.host}/v2/secret/manifests/latest": no basic auth credentials`,
  });
  await assert.rejects(pull({ username: 'u', password: 'wrong' }), { message: 'unauthorized', kind: 'unauthorized' });
  await pull({ username: 'u', password: 'p' });
  registry.guard = { scheme: 'bearer', user: 'u', password: 'p' };
  await assert.rejects(pull(), /unauthorized: incorrect username or password/);
  await pull({ username: 'u', password: 'p' });
  await pull({ identityToken: 'identity' });
});

test('a blob that was damaged is healed by the next pull', async () => {
  await using engine = new Engine();
  await using registry = await RegistryDouble.open();
  const { digest } = registry.image('x', 'latest', [one]);
  await engine.pull(`${registry.host}/x`, 'latest');
  const path = join(engine.root, 'content/blobs/sha256', digest.slice('sha256:'.length));
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.concat([Buffer.from(' '), bytes.subarray(1)]));
  await engine.pull(`${registry.host}/x`, 'latest');
  assert.deepEqual(readFileSync(path), bytes);
});

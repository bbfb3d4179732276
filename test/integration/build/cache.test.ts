import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { BlobStore, CacheEntry } from '#build';
import { notFound } from '#errdefs';
import { RegistryDouble } from '../../harness/registry.ts';
import { BuildEngine } from './engine.ts';

/** Four steps in two stages, of which the image has the layers of two. */
const DOCKERFILE = `FROM conformance AS build
COPY file /file
RUN cat /file /proc/sys/kernel/random/uuid > /random; cp /file /out
FROM conformance
WORKDIR /app
COPY --from=build /out /random /app/
`;
const STEPS = 4;

let engine: BuildEngine;
let registry: RegistryDouble;
before(async () => {
  engine = await BuildEngine.open();
  registry = await RegistryDouble.open();
  writeFileSync(join(engine.folder, 'file'), 'content\n');
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});
beforeEach(forget);

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A client's store, in memory. */
class MemoryStore implements BlobStore {
  readonly blobs = new Map<string, Buffer>();

  async *read(digest: string): AsyncGenerator<Buffer> {
    const bytes = this.blobs.get(digest);
    if (!bytes) throw notFound(`content ${digest}: not found`);
    yield bytes;
  }

  async write({ digest }: { digest: string }, source: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of source) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    assert.equal(sha256(bytes), digest);
    this.blobs.set(digest, bytes);
  }
}

/** Neither images nor cached steps are left. */
async function forget(): Promise<void> {
  const { builder, images } = engine.engine;
  for (const { Id, RepoTags } of images.list({ all: true })) {
    if (!RepoTags?.includes('conformance:latest')) await images.remove(Id, { force: true, noprune: false });
  }
  const options = { reservedSpace: 0, maxUsedSpace: 0, minFreeSpace: 0, filters: new Map() };
  await builder.prune({ all: true, ...options });
  assert.deepEqual(builder.diskUsage(), []);
}

const entry = (type: string, attributes: Record<string, string> = {}): CacheEntry => ({
  type,
  attributes: new Map(Object.entries(attributes)),
});

interface Caches {
  readonly from?: CacheEntry;
  readonly to?: CacheEntry;
  readonly store?: MemoryStore;
  readonly dockerfile?: string;
  readonly name?: string;
}

async function build({ from, to, store, dockerfile = DOCKERFILE, name }: Caches) {
  const request = {
    ...(from && { cacheFrom: [from] }),
    ...(to && { cacheTo: [to] }),
    ...(name && { tags: [name] }),
  };
  const context = async () => ({ folder: engine.folder, excludes: ['*', '!file'] });
  const inputs = { context, store: () => store };
  return await engine.build(dockerfile, { request, inputs });
}

const steps = (heard: { cached: readonly string[] }) => heard.cached.filter((name) => !name.includes('FROM'));

/** Exports to a client's folder; what an import of it names. */
async function exported(attributes: Record<string, string>) {
  const store = new MemoryStore();
  const { result } = await build({ store, to: entry('local', { dest: 'there', ...attributes }) });
  const { digest, mediaType } = JSON.parse(result.response.get('cache.manifest')!);
  await forget();
  return { store, mediaType, result, from: entry('local', { src: 'there', digest }), digest };
}

const FORMS: readonly Record<string, string>[] = [
  { mode: 'max', compression: 'zstd', 'compression-level': '9' },
  { mode: 'min', 'oci-mediatypes': 'false' },
];
for (const attributes of FORMS) {
  test(`a cache that was exported to a folder is found again: ${JSON.stringify(attributes)}`, async () => {
    const { store, from, result, mediaType } = await exported(attributes);
    assert.match(mediaType, attributes['oci-mediatypes'] ? /list/ : /manifest/);
    const again = await build({ store, from });
    assert.equal(steps(again.heard).length, STEPS, again.heard.done.join());
    assert.equal(again.result.imageId, result.imageId);
    // What was fetched is the engine's own from now on.
    const kept = engine.engine.builder.diskUsage().map(({ description }) => description);
    assert.ok(kept.some((text) => text.includes('COPY --from=build')));
  });
}

test('of a cache without the layers of other stages, a step that needs them makes them anew', async () => {
  const { store, from } = await exported({ mode: 'min' });
  const dockerfile = `${DOCKERFILE}RUN --mount=from=build,target=/b cat /b/out > /app/more\n`;
  const { heard } = await build({ store, from, dockerfile });
  assert.ok(heard.done.some((name) => name.includes('RUN cat /file')));
  assert.ok(heard.done.some((name) => name.includes('--mount=from=build')));
});

test('layers that are not what their names say are made anew', async () => {
  const { store, from, result } = await exported({ mode: 'max' });
  for (const [digest, bytes] of store.blobs) {
    if (bytes[0] === 0x1f) store.blobs.set(digest, Buffer.alloc(bytes.length));
  }
  const again = await build({ store, from });
  assert.notEqual(again.result.imageId, result.imageId);
  assert.ok(again.heard.done.some((name) => name.includes('RUN cat')));
});

test('a manifest that is not what its name says counts for nothing', async () => {
  const { store, from, digest } = await exported({ mode: 'max' });
  store.blobs.set(digest, Buffer.from('{"schemaVersion":2}'));
  const { heard } = await build({ store, from });
  assert.deepEqual(steps(heard), []);
});

test('a registry keeps caches, under a tag', async () => {
  const ref = `${registry.host}/team/app:cache`;
  const first = await build({ to: entry('registry', { ref, mode: 'max' }) });
  await forget();
  const again = await build({ from: entry('registry', { ref }) });
  assert.equal(steps(again.heard).length, STEPS);
  assert.equal(again.result.imageId, first.result.imageId);
  assert.match(registry.manifests.get('team/app:cache')!.bytes.toString(), /vnd\.buildkit\.cacheconfig\.v0/);
  await forget();
  const absent = await build({ from: entry('registry', { ref: `${registry.host}/team/app:other` }) });
  assert.deepEqual(steps(absent.heard), []);
});

test('an image has its own cache within it', async () => {
  const name = `${registry.host}/team/inline:1`;
  const first = await build({ to: entry('inline'), name });
  for await (const _ of engine.engine.images.push(name, '', {}));
  await forget();
  const again = await build({ from: entry('registry', { ref: name }), to: entry('inline'), name });
  assert.equal(steps(again.heard).length, STEPS);
  assert.equal(again.result.imageId, first.result.imageId);
  const { records } = { records: JSON.parse(Buffer.from(again.result.config).toString())['moby.buildkit.cache.v0'] };
  assert.match(Buffer.from(records, 'base64').toString(), /^\[{/);
  // The image here does as well as the one of the registry.
  registry.clear();
  const options = { all: true, reservedSpace: 0, maxUsedSpace: 0, minFreeSpace: 0, filters: new Map() };
  await engine.engine.builder.prune(options);
  const tagged = await build({ from: entry('registry', { ref: name }), to: entry('inline') });
  assert.equal(steps(tagged.heard).length, STEPS);
});

test('what cannot be written is refused before anything is built', async () => {
  for (const [to, message] of [
    [entry('gha'), 'unknown cache exporter: "gha"'],
    [entry('s3', { bucket: 'b' }), 'unknown cache exporter: "s3"'],
    [entry('local'), 'failed to configure local cache exporter: local cache exporter requires dest'],
    [entry('registry'), 'failed to configure registry cache exporter: missing ref'],
    [entry('local', { dest: 'x', mode: 'all' }), 'unsupported cache export mode: "all"'],
    [
      entry('local', { dest: 'x', compression: 'lz4' }),
      'failed to configure local cache exporter: unsupported compression type lz4',
    ],
  ] as const) {
    await assert.rejects(build({ to, store: new MemoryStore() }), { message });
  }
  assert.deepEqual(engine.engine.builder.diskUsage(), []);
});

test('a registry that cannot be reached is a failure, unless errors are ignored', async () => {
  const ref = '127.0.0.1:1/cache';
  await assert.rejects(build({ to: entry('registry', { ref }) }), /connection refused/);
  await build({ to: entry('registry', { ref, 'ignore-error': 'true' }) });
});

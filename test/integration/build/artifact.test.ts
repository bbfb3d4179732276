import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { BlobStore, Exporter } from '#build';
import { notFound } from '#errdefs';
import { TarReader } from '#tar';
import { RegistryDouble } from '../../harness/registry.ts';
import { BuildEngine } from './engine.ts';

let engine: BuildEngine;
before(async () => {
  engine = await BuildEngine.open();
});
after(() => engine[Symbol.asyncDispose]());

const SECRET = 'not-for-anybody';
const DOCKERFILE = `FROM conformance AS made
RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /made
FROM conformance
COPY --from=made /made /made
`;

interface Asked {
  readonly attestations?: Record<string, string>;
  readonly attributes?: Record<string, string>;
}

/** Builds for an exporter; what it wrote to the client, and what the client is told. */
async function exported(type: Exporter['type'], attributes: Record<string, string>, asked: Asked = {}) {
  const { attestations = {}, attributes: frontend = {} } = asked;
  const stream = new PassThrough();
  const written = buffer(stream);
  const request = {
    exporters: [{ type, attributes: new Map(Object.entries(attributes)) }],
    attestations: new Map(Object.entries(attestations)),
    attributes: new Map(Object.entries(frontend)),
  };
  const secret = async () => Buffer.from(SECRET);
  const built = await engine.build(DOCKERFILE, { request, inputs: { secret, output: async () => stream } });
  stream.end();
  return { bytes: await written, response: built.result.response };
}

async function filesOf(archive: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const reader = new TarReader(Readable.from([archive]));
  for await (const entry of reader) {
    const pieces: Buffer[] = [];
    for (let piece = await reader.read(); piece; piece = await reader.read()) pieces.push(Buffer.from(piece));
    files.set(entry.name.toString(), Buffer.concat(pieces));
  }
  return files;
}

/** The documents of an image layout; every blob is what its name says. */
async function layoutOf(archive: Buffer) {
  const files = await filesOf(archive);
  for (const [name, bytes] of files) {
    const hex = /^blobs\/sha256\/(.+)$/.exec(name)?.[1];
    if (hex) assert.equal(createHash('sha256').update(bytes).digest('hex'), hex);
  }
  const json = (name: string) => JSON.parse(files.get(name)!.toString());
  const blob = ({ digest }: { digest: string }) => json(`blobs/sha256/${digest.slice(7)}`);
  return { files, index: json('index.json'), json, blob };
}

test('an archive for docker is loaded by what loads docker’s, and is the same bytes each time', async () => {
  const { bytes, response } = await exported('docker', { name: 'a/b:1,a/b:2' });
  const { json, index, blob } = await layoutOf(bytes);
  const [item] = json('manifest.json');
  assert.deepEqual(item.RepoTags, ['a/b:1', 'a/b:2']);
  const [first, second] = index.manifests;
  assert.equal(first.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
  assert.equal(first.digest, second.digest);
  assert.equal(first.annotations['io.containerd.image.name'], 'docker.io/a/b:1');
  assert.equal(second.annotations['org.opencontainers.image.ref.name'], '2');
  assert.match(blob(first).layers[0].mediaType, /tar\.gzip$/);
  assert.equal(response.get('containerimage.digest'), first.digest);
  assert.equal(response.get('image.name'), 'docker.io/a/b:1,docker.io/a/b:2');
  assert.deepEqual((await exported('docker', { name: 'a/b:1,a/b:2' })).bytes, bytes);
  const lines: string[] = [];
  for await (const { stream } of engine.engine.images.load(Readable.from([bytes]))) lines.push(stream ?? '');
  assert.ok(lines.includes('Loaded image: a/b:1\n'), lines.join());
});

test('layers are packed as asked, notes are where they belong', async () => {
  const { bytes } = await exported('oci', {
    ...{ compression: 'zstd', 'annotation.one': '1', 'annotation-manifest-descriptor.two': '2' },
    'annotation[linux/other].three': '3',
  });
  const { index, blob } = await layoutOf(bytes);
  const [target] = index.manifests;
  assert.equal(target.annotations.two, '2');
  const manifest = blob(target);
  assert.deepEqual(manifest.annotations, { one: '1' });
  assert.match(manifest.layers.at(-1).mediaType, /vnd\.oci.*\+zstd$/);
  await assert.rejects(exported('oci', { 'annotation-index.a': 'b' }), /index annotations not supported/);
  await assert.rejects(exported('oci', { compression: 'estargz' }), /unsupported compression type estargz/);
});

test('provenance says how an image was built, and no secret', async () => {
  const attributes = { 'build-arg:ONE': '1', 'label:two': '2', target: '', 'no-cache': '' };
  const names = { name: 'a/b:1', 'annotation-index.a': 'b' };
  const asked = (provenance: string) => exported('oci', names, { attestations: { provenance }, attributes });
  const { bytes, response } = await asked('mode=max,builder-id=https://me');
  assert.ok(!bytes.includes(SECRET));
  const { index, blob } = await layoutOf(bytes);
  const list = blob(index.manifests[0]);
  assert.equal(response.get('containerimage.digest'), index.manifests[0].digest);
  assert.deepEqual(list.annotations, { a: 'b' });
  const [image, attestation] = list.manifests;
  assert.deepEqual(attestation.annotations, {
    'vnd.docker.reference.digest': image.digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  });
  assert.deepEqual(attestation.platform, { architecture: 'unknown', os: 'unknown' });
  const [layer] = blob(attestation).layers;
  assert.equal(layer.annotations['in-toto.io/predicate-type'], 'https://slsa.dev/provenance/v0.2');
  const { subject, predicate } = blob(layer);
  assert.deepEqual(subject[0].digest, { sha256: image.digest.slice(7) });
  assert.match(subject[0].name, /^pkg:docker\/a\/b@1\?platform=linux%2F/);
  assert.equal(predicate.builder.id, 'https://me');
  assert.match(predicate.materials[0].uri, /^pkg:docker\/conformance@latest/);
  const { args, secrets } = predicate.invocation.parameters;
  assert.deepEqual([args['build-arg:ONE'], args['label:two'], secrets], ['1', '2', [{ id: 'token', optional: true }]]);
  const steps = predicate.buildConfig.llbDefinition.map(({ op }: { op: { Op: object } }) => Object.keys(op.Op)[0]);
  assert.deepEqual(steps, ['source', 'exec', 'source', 'file']);

  const small = await layoutOf((await asked('mode=min,version=v1')).bytes);
  const [, second] = small.blob(small.index.manifests[0]).manifests;
  const statement = small.blob(small.blob(second).layers[0]);
  assert.equal(statement.predicateType, 'https://slsa.dev/provenance/v1');
  const { externalParameters } = statement.predicate.buildDefinition;
  assert.deepEqual(externalParameters.request.args, { 'no-cache': '', target: '' });
  assert.equal(statement.predicate.runDetails.metadata.buildkit_completeness.request, false);
});

test('what nobody asked for is not attached; what cannot be made is refused', async () => {
  const { bytes } = await exported('oci', {}, { attestations: { provenance: 'mode=min,inline-only=true' } });
  const { index } = await layoutOf(bytes);
  assert.match(index.manifests[0].mediaType, /manifest/);
  const refused = (attestations: Record<string, string>, message: RegExp, type: Exporter['type'] = 'oci') =>
    assert.rejects(exported(type, {}, { attestations }), message);
  await refused({ provenance: 'mode=more' }, /invalid mode "more"/);
  await refused({ provenance: 'version=v9' }, /unsupported provenance version "v9"/);
  await refused({ other: '' }, /unknown attestation type "other"/);
  await refused({ provenance: 'mode=max' }, /docker exporter does not currently support/, 'docker');
  const scanner = { sbom: 'generator=127.0.0.1:1/scanner' };
  await refused(scanner, /failed to resolve source metadata for 127\.0\.0\.1:1\/scanner:latest: /);
});

test('the files of a result lie beside what is said of them', async () => {
  const { bytes } = await exported('tar', { 'attestation-prefix': 'my-' }, { attestations: { provenance: '' } });
  const files = await filesOf(bytes);
  assert.ok(files.has('made'));
  assert.equal(JSON.parse(files.get('my-provenance.json')!.toString()).predicate.builder.id, '');
});

test('an image that is attested is pushed with what attests it, also when it was there without', async () => {
  await using registry = await RegistryDouble.open();
  const name = `${registry.host}/a/attested:1`;
  await exported('image', { name: 'plain:1' });
  const { response } = await exported('image', { name, push: 'true' }, { attestations: { provenance: 'mode=max' } });
  const pushed = registry.manifests.get('a/attested:1')!;
  const list = JSON.parse(pushed.bytes.toString());
  assert.match(pushed.type, /index/);
  assert.equal(list.manifests.length, 2);
  assert.equal(
    createHash('sha256').update(pushed.bytes).digest('hex'),
    response.get('containerimage.digest')!.slice(7),
  );
});

/** What a client serves of the files of a layout. */
function storeOf(files: ReadonlyMap<string, Buffer>): BlobStore {
  return {
    async *read(digest) {
      const bytes = files.get(`blobs/sha256/${digest.slice(7)}`);
      if (!bytes) throw notFound(`content ${digest}: not found`);
      yield bytes;
    },
    write: () => Promise.reject(new Error('nothing is written')),
  };
}

test('builds begin with, and copy from, an image in a layout of the client', async () => {
  const { bytes } = await exported('oci', { compression: 'gzip' }, { attestations: { provenance: 'mode=min' } });
  const { files, index } = await layoutOf(bytes);
  const { digest } = index.manifests[0];
  const asked: string[] = [];
  const store = (id: string) => {
    asked.push(id);
    return storeOf(files);
  };
  const dockerfile = 'FROM other\nRUN cat /made\nFROM conformance\nCOPY --from=other /made /again\nRUN cat /again\n';
  const build = (place: string, given = store) =>
    engine.build(dockerfile, {
      request: { namedContexts: new Map([['other', place]]), noCache: 'all' },
      inputs: { store: given },
    });
  const { heard } = await build(`oci-layout://one:latest@${digest}`);
  assert.match(heard.log, new RegExp(`${SECRET.length}`));
  assert.deepEqual([...new Set(asked)], ['oci:one']);
  await assert.rejects(build('oci-layout://one:latest'), /it needs a digest/);
  await assert.rejects(build(`oci-layout://one@sha256:${'0'.repeat(64)}`), /not found/);
  const lying = (): BlobStore => storeOf(new Map([...files].map(([name]) => [name, Buffer.from('{}')])));
  await assert.rejects(build(`oci-layout://one@${digest}`, lying), /is not what its name says/);
});

test('a build begins with the result of another one', async () => {
  const first = await engine.build('FROM conformance\nENV WHO=first\nRUN echo linked > /linked\n');
  const result = async (name: string) => (name === 'default-base' ? first.result : undefined);
  const dockerfile = 'FROM base\nRUN echo $WHO; cat /linked\n';
  const named = (value: string) => ({ namedContexts: new Map([['base', value]]) });
  const { heard } = await engine.build(dockerfile, { request: named('input:default-base'), inputs: { result } });
  assert.match(heard.log, /first\nlinked/);
  const other = engine.build(dockerfile, { request: named('input:other'), inputs: { result } });
  await assert.rejects(other, /unsupported context base: input:other/);
});

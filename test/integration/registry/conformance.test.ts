import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { MEDIA } from '#oci';
import type { Rig } from './rig.ts';
import { codeOf, startRig } from './rig.ts';

/** The checks of the specification's own conformance suite, on both algorithms of digests. */
const ALGORITHMS = ['sha256', 'sha512'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

const digestBy = (algorithm: Algorithm, bytes: string | Buffer) =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;

/** A location that the registry gave, with a digest. */
const withDigest = (location: string, digest: string) =>
  `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;

const body = (bytes: Buffer) => ({
  body: bytes as unknown as string,
  headers: { 'Content-Type': 'application/octet-stream' } as Record<string, string>,
});

async function begin({ call }: Rig, name = 'a/one'): Promise<string> {
  const answer = await call('POST', `/v2/${name}/blobs/uploads/`);
  assert.equal(answer.status, 202);
  return answer.headers.get('location')!;
}

async function patch({ call }: Rig, location: string, bytes: Buffer, from?: number): Promise<string> {
  const init = body(bytes);
  if (from !== undefined) init.headers['Content-Range'] = `${from}-${from + bytes.length - 1}`;
  const answer = await call('PATCH', location, init);
  assert.deepEqual([answer.status, answer.headers.get('range')], [202, `0-${(from ?? 0) + bytes.length - 1}`]);
  return answer.headers.get('location')!;
}

type Push = (rig: Rig, bytes: Buffer, digest: string) => Promise<Response>;

/** Every way to push a blob. */
const PUSHES: Readonly<Record<string, Push>> = {
  'POST alone': ({ call }, bytes, digest) => call('POST', `/v2/a/one/blobs/uploads/?digest=${digest}`, body(bytes)),
  'POST and PUT': async (rig, bytes, digest) => rig.call('PUT', withDigest(await begin(rig), digest), body(bytes)),
  'one chunk': async (rig, bytes, digest) =>
    rig.call('PUT', withDigest(await patch(rig, await begin(rig), bytes, 0), digest)),
  'three chunks': async (rig, bytes, digest) => {
    let location = await begin(rig);
    for (const at of [0, 500, 1000]) location = await patch(rig, location, bytes.subarray(at, at + 500), at);
    return rig.call('PUT', withDigest(location, digest));
  },
  'the last chunk in the PUT': async (rig, bytes, digest) => {
    const location = await patch(rig, await begin(rig), bytes.subarray(0, 1000), 0);
    const last = body(bytes.subarray(1000));
    last.headers['Content-Range'] = `1000-${bytes.length - 1}`;
    return rig.call('PUT', withDigest(location, digest), last);
  },
  'a stream of unknown length': async (rig, bytes, digest) => {
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    const answer = await rig.call('PATCH', await begin(rig), { body: stream, duplex: 'half' });
    assert.equal(answer.status, 202);
    return rig.call('PUT', withDigest(answer.headers.get('location')!, digest));
  },
  'chunks out of order between those in order': async (rig, bytes, digest) => {
    let location = await begin(rig);
    for (const at of [0, 700]) {
      for (const method of ['PATCH', 'PUT']) {
        const wrong = body(bytes.subarray(at + 100, at + 200));
        wrong.headers['Content-Range'] = `${at + 100}-${at + 199}`;
        const refused = await rig.call(method, withDigest(location, digest), wrong);
        assert.equal(refused.status, 416);
        const status = await rig.call('GET', location);
        assert.deepEqual([status.status, status.headers.get('range')], [204, at === 0 ? '0-0' : '0-699']);
        location = status.headers.get('location')!;
      }
      location = await patch(rig, location, bytes.subarray(at, at + 700), at);
    }
    return rig.call('PUT', withDigest(location, digest));
  },
};

for (const algorithm of ALGORITHMS) {
  for (const [way, push] of Object.entries(PUSHES)) {
    test(`a blob by its ${algorithm}, pushed by ${way}: read, deleted; with a wrong digest refused`, async () => {
      await using rig = await startRig();
      const bytes = randomBytes(1400);
      const digest = digestBy(algorithm, bytes);
      const missing = await rig.call('GET', `/v2/a/one/blobs/${digest}`);
      assert.equal(missing.status, 404);
      const pushed = await push(rig, bytes, digest);
      assert.deepEqual([pushed.status, pushed.headers.get('docker-content-digest')], [201, digest]);
      const location = pushed.headers.get('location')!;
      const got = await rig.call('GET', location);
      assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes);
      assert.deepEqual([got.headers.get('docker-content-digest'), got.headers.get('content-length')], [digest, '1400']);
      const head = await rig.call('HEAD', `/v2/a/one/blobs/${digest}`);
      assert.deepEqual([head.status, head.headers.get('content-length')], [200, '1400']);
      assert.equal((await rig.call('DELETE', location)).status, 202);
      assert.equal((await rig.call('HEAD', location)).status, 404);
      const wrong = await push(rig, Buffer.concat([bytes.subarray(0, 1399), Buffer.from('x')]), digest);
      assert.deepEqual([wrong.status, await codeOf(wrong)], [400, 'DIGEST_INVALID']);
    });
  }

  test(`mounts of a blob by its ${algorithm}: from where it is, from anywhere, of what is nowhere`, async () => {
    await using rig = await startRig();
    const bytes = randomBytes(512);
    const digest = digestBy(algorithm, bytes);
    await rig.call('POST', `/v2/a/two/blobs/uploads/?digest=${digest}`, body(bytes));
    for (const [name, from] of [
      ['a/three', '&from=a/two'],
      ['a/four', ''],
    ]) {
      const mounted = await rig.call('POST', `/v2/${name}/blobs/uploads/?mount=${digest}${from}`);
      assert.deepEqual([mounted.status, mounted.headers.get('docker-content-digest')], [201, digest]);
      const got = await rig.call('GET', mounted.headers.get('location')!);
      assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes);
    }
    const absent = digestBy(algorithm, 'absent');
    for (const query of [`mount=${absent}&from=a/two`, `mount=${absent}`, `mount=${digest}&from=UPPER`, 'mount=x']) {
      const begun = await rig.call('POST', `/v2/a/five/blobs/uploads/?${query}`);
      assert.equal(begun.status, 202, query);
      assert.equal((await rig.call('GET', begun.headers.get('location')!)).status, 204);
    }
  });

  test(`empty and well-known blobs by their ${algorithm}, and ranges of one`, async () => {
    await using rig = await startRig();
    for (const text of ['', '{}']) {
      const digest = digestBy(algorithm, text);
      const pushed = await rig.call('PUT', withDigest(await begin(rig), digest), { body: text });
      assert.equal(pushed.status, 201);
      const got = await rig.call('GET', `/v2/a/one/blobs/${digest}`);
      assert.deepEqual([got.status, await got.text()], [200, text]);
    }
    const bytes = randomBytes(2048);
    const digest = digestBy(algorithm, bytes);
    await rig.call('POST', `/v2/a/one/blobs/uploads/?digest=${digest}`, body(bytes));
    for (const [Range, part, told] of [
      ['bytes=500-1499', bytes.subarray(500, 1500), 'bytes 500-1499/2048'],
      ['bytes=500-', bytes.subarray(500), 'bytes 500-2047/2048'],
      ['bytes=-500', bytes.subarray(-500), 'bytes 1548-2047/2048'],
      ['bytes=2000-5000', bytes.subarray(2000), 'bytes 2000-2047/2048'],
    ] as const) {
      const got = await rig.call('GET', `/v2/a/one/blobs/${digest}`, { headers: { Range } });
      assert.deepEqual([got.status, got.headers.get('content-range')], [206, told]);
      assert.deepEqual(Buffer.from(await got.arrayBuffer()), part);
    }
    for (const Range of ['bytes=500-0', 'bytes=5000-10000']) {
      const got = await rig.call('GET', `/v2/a/one/blobs/${digest}`, { headers: { Range } });
      assert.equal(got.status, 416, Range);
    }
  });
}

test('an upload that is cancelled is gone', async () => {
  await using rig = await startRig();
  const location = await begin(rig);
  assert.equal((await rig.call('HEAD', location)).status, 204);
  assert.equal((await rig.call('DELETE', location)).status, 204);
  assert.equal((await rig.call('GET', location)).status, 404);
  assert.equal((await rig.call('PUT', withDigest(location, digestBy('sha256', '')))).status, 404);
});

interface Shape {
  readonly subject?: object;
  readonly [key: string]: unknown;
}

/** A document with the digest of its bytes, pushed by digest and by these tags. */
async function put({ call }: Rig, algorithm: Algorithm, document: Shape, tags: readonly string[] = []) {
  const bytes = JSON.stringify(document);
  const mediaType = document.mediaType as string;
  const digest = digestBy(algorithm, bytes);
  const asked = tags.map((tag) => `tag=${tag}`).join('&');
  const init = { body: bytes, headers: { 'Content-Type': mediaType } };
  const answer = await call('PUT', `/v2/a/one/manifests/${digest}?${asked}`, init);
  assert.equal(answer.status, 201, await answer.text());
  assert.equal(answer.headers.get('docker-content-digest'), digest);
  assert.equal(answer.headers.get('oci-tag'), tags.length > 0 ? tags.join(', ') : null);
  return { answer, bytes, digest, descriptor: { mediaType, digest, size: bytes.length } };
}

async function blob(rig: Rig, algorithm: Algorithm, mediaType: string, bytes: string) {
  const digest = digestBy(algorithm, bytes);
  const answer = await rig.call('PUT', withDigest(await begin(rig), digest), { body: bytes });
  assert.equal(answer.status, 201);
  return { mediaType, digest, size: Buffer.byteLength(bytes) };
}

for (const algorithm of ALGORITHMS) {
  test(`manifests of every shape, by ${algorithm}: pushed, read by digest and by tag, deleted`, async () => {
    await using rig = await startRig();
    const [config, layer, empty] = [
      await blob(rig, algorithm, MEDIA.ociConfig, '{"os":"linux"}'),
      await blob(rig, algorithm, MEDIA.ociLayer, 'layer'),
      await blob(rig, algorithm, 'application/vnd.oci.empty.v1+json', '{}'),
    ];
    const image = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers: [layer] };
    const artifact = { ...image, config: empty, artifactType: 'application/vnd.example+type', layers: [empty] };
    const foreign = { ...layer, mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' };
    const { descriptor } = await put(rig, algorithm, image);
    const index = { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [descriptor] };
    const inner = await put(rig, algorithm, { ...index, annotations: { inner: 'yes' } });
    const absent = { ...descriptor, digest: digestBy(algorithm, 'missing') };
    const shapes: Readonly<Record<string, Shape>> = {
      image,
      large: {
        ...image,
        annotations: Object.fromEntries(Array.from({ length: 390 }, (_, i) => [`a${i}`, 'A'.repeat(10_000)])),
      },
      index,
      nested: { ...index, manifests: [inner.descriptor] },
      'empty-index': { ...index, manifests: [] },
      artifact,
      'artifact-index': { ...index, artifactType: 'application/vnd.example+type' },
      'no-layers': { ...image, layers: [] },
      data: { ...image, config: { ...empty, data: 'e30=' } },
      custom: { ...image, 'org.example.unknown': { deep: [1, 2] } },
      foreign: { ...image, layers: [{ ...foreign, digest: digestBy(algorithm, 'elsewhere') }, layer] },
      'missing-subject': { ...artifact, subject: absent },
      'subject-of-index': { ...index, subject: inner.descriptor },
    };
    for (const [tag, document] of Object.entries(shapes)) {
      const { answer, bytes, digest } = await put(rig, algorithm, document, [tag, `${tag}-2`]);
      assert.equal(answer.headers.get('oci-subject'), (document.subject as typeof descriptor)?.digest ?? null);
      for (const reference of [digest, tag, `${tag}-2`]) {
        for (const method of ['GET', 'HEAD']) {
          const got = await rig.call(method, `/v2/a/one/manifests/${reference}`);
          const { headers } = got;
          assert.deepEqual([got.status, headers.get('docker-content-digest')], [200, digest], `${tag} ${reference}`);
          assert.deepEqual(
            [headers.get('content-type'), headers.get('content-length')],
            [document.mediaType, String(bytes.length)],
          );
          assert.equal(await got.text(), method === 'GET' ? bytes : '');
        }
      }
      assert.equal((await rig.call('DELETE', `/v2/a/one/manifests/${tag}-2`)).status, 202);
      assert.equal((await rig.call('HEAD', `/v2/a/one/manifests/${tag}-2`)).status, 404);
      if (document === image || document === index) continue;
      assert.equal((await rig.call('DELETE', `/v2/a/one/manifests/${digest}`)).status, 202);
      for (const gone of [digest, tag])
        assert.equal((await rig.call('HEAD', `/v2/a/one/manifests/${gone}`)).status, 404);
    }
    const bad = await rig.call('PUT', `/v2/a/one/manifests/${descriptor.digest}`, {
      body: `${JSON.stringify(image)}  `,
    });
    assert.deepEqual([bad.status, await codeOf(bad)], [400, 'DIGEST_INVALID']);
  });

  test(`referrers of a subject by its ${algorithm}: types, annotations, a filter, deletion`, async () => {
    await using rig = await startRig();
    const empty = await blob(rig, algorithm, 'application/vnd.oci.empty.v1+json', '{}');
    const image = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config: empty, layers: [empty] };
    const { descriptor: subject, digest } = await put(rig, algorithm, image);
    const read = async (query = '') => {
      const answer = await rig.call('GET', `/v2/a/one/referrers/${digest}${query}`);
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, MEDIA.ociIndex]);
      const { schemaVersion, mediaType, manifests } = (await answer.json()) as Record<string, object[]>;
      assert.deepEqual([schemaVersion, mediaType], [2, MEDIA.ociIndex]);
      return { manifests, filters: answer.headers.get('oci-filters-applied') };
    };
    assert.deepEqual(await read(), { manifests: [], filters: null });
    const annotations = { 'org.example.note': 'hello' };
    const one = await put(rig, algorithm, { ...image, subject, artifactType: 'application/vnd.one', annotations });
    const index = {
      schemaVersion: 2,
      mediaType: MEDIA.ociIndex,
      manifests: [subject],
      subject,
      artifactType: 'application/vnd.two',
    };
    const two = await put(rig, algorithm, index);
    const plain = await put(rig, algorithm, { ...image, subject });
    const { manifests } = await read();
    const told = new Map(manifests!.map((each) => [(each as { digest: string }).digest, each]));
    assert.deepEqual(told.get(one.digest), { ...one.descriptor, artifactType: 'application/vnd.one', annotations });
    assert.deepEqual(told.get(two.digest), { ...two.descriptor, artifactType: 'application/vnd.two' });
    assert.deepEqual(told.get(plain.digest), { ...plain.descriptor, artifactType: empty.mediaType });
    const some = await read('?artifactType=application/vnd.two');
    assert.deepEqual([some.manifests!.length, some.filters], [1, 'artifactType']);
    await rig.call('DELETE', `/v2/a/one/manifests/${two.digest}`);
    assert.equal((await read()).manifests!.length, 2);
  });
}

test('what is called by its SHA-512 is kept until nothing refers to it', async () => {
  await using rig = await startRig();
  const empty = await blob(rig, 'sha512', 'application/vnd.oci.empty.v1+json', '{}');
  const unused = await blob(rig, 'sha512', MEDIA.ociLayer, 'unused');
  const image = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config: empty, layers: [] };
  const { digest } = await put(rig, 'sha512', image, ['kept']);
  const { Collector } = await import('#registry');
  const collected = await new Collector(rig.registry).collect({ now: true });
  assert.deepEqual([collected.blobs, collected.links], [1, 1]);
  assert.equal((await rig.call('GET', `/v2/a/one/blobs/${empty.digest}`)).status, 200);
  assert.equal((await rig.call('GET', `/v2/a/one/blobs/${unused.digest}`)).status, 404);
  assert.equal((await rig.call('GET', '/v2/a/one/manifests/kept')).headers.get('docker-content-digest'), digest);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '#oci';
import { digestOf, MEDIA } from '#oci';
import type { Rig } from './rig.ts';
import { pushImage, startRig } from './rig.ts';

/** Requests in the order and with the headers of the clients that are named; none of them is in Debian. */

const EMPTY = 'application/vnd.oci.empty.v1+json';
const ANY = [MEDIA.ociIndex, MEDIA.ociManifest, MEDIA.dockerIndex, MEDIA.dockerManifest].join(', ');

/** Blobs as go-containerregistry (crane, cosign) sends them: asks, mounts, streams, commits. */
async function craneBlob({ call }: Rig, name: string, bytes: string, from?: string) {
  const digest = digestOf(bytes);
  const described = (mediaType: string) => ({ mediaType, size: Buffer.byteLength(bytes), digest });
  if ((await call('HEAD', `/v2/${name}/blobs/${digest}`)).status === 200) return described;
  const mount =
    from === undefined ? '' : `?from=${encodeURIComponent(from)}&mount=${encodeURIComponent(digest)}&origin=x`;
  const begun = await call('POST', `/v2/${name}/blobs/uploads/${mount}`, {
    headers: { 'Content-Type': 'application/json' },
  });
  if (begun.status === 201) return described;
  assert.equal(begun.status, 202);
  const stream = new Blob([bytes]).stream();
  const sent = await call('PATCH', begun.headers.get('location')!, { body: stream, duplex: 'half' });
  assert.ok([201, 202, 204].includes(sent.status));
  const place = new URL(sent.headers.get('location')!, 'http://x');
  place.searchParams.set('digest', digest);
  const done = await call('PUT', place.pathname + place.search, {
    headers: { 'Content-Type': 'application/octet-stream' },
  });
  assert.equal(done.status, 201);
  return described;
}

/** Blobs as oras-go (oras, helm, notation) sends them: asks, begins, puts whole. */
async function orasBlob({ call }: Rig, name: string, bytes: string) {
  const digest = digestOf(bytes);
  assert.equal((await call('HEAD', `/v2/${name}/blobs/${digest}`)).status, 404);
  const begun = await call('POST', `/v2/${name}/blobs/uploads/`);
  const place = new URL(begun.headers.get('location')!, 'http://x');
  place.searchParams.set('digest', digest);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const done = await call('PUT', place.pathname + place.search, { body: bytes, headers });
  assert.equal(done.status, 201);
  return (mediaType: string) => ({ mediaType, digest, size: Buffer.byteLength(bytes) });
}

async function putManifest({ call }: Rig, name: string, reference: string, document: { readonly mediaType: string }) {
  const body = JSON.stringify(document);
  const answer = await call('PUT', `/v2/${name}/manifests/${reference}`, {
    body,
    headers: { 'Content-Type': document.mediaType },
  });
  assert.equal(answer.status, 201, await answer.text());
  return {
    answer,
    digest: digestOf(body),
    descriptor: { mediaType: document.mediaType, digest: digestOf(body), size: body.length },
  };
}

test('cosign: a signature under the tag of its subject, found and read again', async () => {
  await using rig = await startRig();
  const { digest } = await pushImage(rig, 'team/app', 'v1');
  const resolved = await rig.call('HEAD', '/v2/team/app/manifests/v1', { headers: { Accept: ANY } });
  assert.equal(resolved.headers.get('docker-content-digest'), digest);
  const tag = `${digest.replace(':', '-')}.sig`;
  assert.equal((await rig.call('GET', `/v2/team/app/manifests/${tag}`, { headers: { Accept: ANY } })).status, 404);
  const payload = JSON.stringify({ critical: { image: { 'docker-manifest-digest': digest } } });
  const layer = (await craneBlob(rig, 'team/app', payload))('application/vnd.dev.cosign.simplesigning.v1+json');
  const config = (await craneBlob(rig, 'team/app', '{"rootfs":{}}'))(MEDIA.ociConfig);
  const layers = [{ ...layer, annotations: { 'dev.cosignproject.cosign/signature': 'MEUC' } }];
  await putManifest(rig, 'team/app', tag, { schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers } as never);
  const found = await rig.call('GET', `/v2/team/app/manifests/${tag}`, { headers: { Accept: ANY } });
  const { layers: read } = (await found.json()) as { layers: typeof layers };
  assert.deepEqual(read, layers);
  assert.equal(await (await rig.call('GET', `/v2/team/app/blobs/${read[0]!.digest}`)).text(), payload);
  const { tags } = (await (await rig.call('GET', '/v2/team/app/tags/list?n=1000')).json()) as { tags: string[] };
  assert.deepEqual(tags, [tag, 'v1'].sort());
});

test('cosign and notation: a signature that refers to its subject', async () => {
  await using rig = await startRig();
  const { digest, descriptor: subject } = await pushImage(rig, 'team/app', 'v1');
  const ping = await rig.call('GET', `/v2/team/app/referrers/sha256:${'0'.repeat(64)}`);
  assert.deepEqual([ping.status, ping.headers.get('content-type')], [200, MEDIA.ociIndex]);
  const config = (await orasBlob(rig, 'team/app', '{}x'))(EMPTY);
  const layer = (await orasBlob(rig, 'team/app', 'jws'))('application/jose+json');
  const artifactType = 'application/vnd.cncf.notary.signature';
  const annotations = { 'io.cncf.notary.x509chain.thumbprint#S256': '["ab"]' };
  const signature = {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    artifactType,
    config,
    layers: [layer],
    subject,
    annotations,
  };
  const { answer, descriptor } = await putManifest(rig, 'team/app', digestOf(JSON.stringify(signature)), signature);
  // Its absence would make the client write the list under a tag.
  assert.equal(answer.headers.get('oci-subject'), digest);
  const listed = await rig.call(
    'GET',
    `/v2/team/app/referrers/${digest}?artifactType=${encodeURIComponent(artifactType)}`,
  );
  assert.equal(listed.headers.get('oci-filters-applied'), 'artifactType');
  const { manifests } = (await listed.json()) as { manifests: object[] };
  assert.deepEqual(manifests, [{ ...descriptor, artifactType, annotations }]);
});

test('clients that list referrers under a tag are heard, and taken at their last word', async () => {
  await using rig = await startRig();
  const { digest } = await pushImage(rig, 'team/app', 'v1');
  const artifact = await pushImage(rig, 'team/app', undefined, { artifactType: 'application/sbom' });
  const tag = digest.replace(':', '-');
  const list = (manifests: object[]) =>
    putManifest(rig, 'team/app', tag, { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests } as never);
  const read = async () => {
    const answer = await rig.call('GET', `/v2/team/app/referrers/${digest}`);
    return ((await answer.json()) as { manifests: { digest: Digest }[] }).manifests.map((each) => each.digest);
  };
  await list([{ ...artifact.descriptor, artifactType: 'application/sbom' }]);
  assert.deepEqual(await read(), [artifact.digest]);
  await list([]);
  assert.deepEqual(await read(), []);
});

test('helm: a chart pushed, listed, pulled', async () => {
  await using rig = await startRig();
  const name = 'charts/web';
  const config = (await orasBlob(rig, name, '{"name":"web","version":"1.0.0+build"}'))(
    'application/vnd.cncf.helm.config.v1+json',
  );
  const chart = (await orasBlob(rig, name, 'chart.tgz'))('application/vnd.cncf.helm.chart.content.v1.tar+gzip');
  const provenance = (await orasBlob(rig, name, 'signed'))('application/vnd.cncf.helm.chart.provenance.v1.prov');
  const annotations = { 'org.opencontainers.image.title': 'web' };
  const document = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers: [chart, provenance], annotations };
  // A tag has no plus sign: helm writes an underscore.
  const { digest } = await putManifest(rig, name, '1.0.0_build', document);
  const { tags } = (await (await rig.call('GET', `/v2/${name}/tags/list`)).json()) as { tags: string[] };
  assert.deepEqual(tags, ['1.0.0_build']);
  const head = await rig.call('HEAD', `/v2/${name}/manifests/1.0.0_build`, { headers: { Accept: ANY } });
  assert.equal(head.headers.get('docker-content-digest'), digest);
  const got = await rig.call('GET', `/v2/${name}/manifests/${digest}`, { headers: { Accept: MEDIA.ociManifest } });
  assert.equal(digestOf(await got.text()), digest);
  for (const [part, text] of [
    [chart, 'chart.tgz'],
    [provenance, 'signed'],
  ] as const) {
    const answer = await rig.call('GET', `/v2/${name}/blobs/${part.digest}`);
    assert.equal(await answer.text(), text);
  }
});

test('crane: copies between repositories by mounts, lists, deletes', async () => {
  await using rig = await startRig();
  const [config, layer] = [
    (await craneBlob(rig, 'a/src', '{"os":"linux"}'))(MEDIA.ociConfig),
    (await craneBlob(rig, 'a/src', 'layer'))(MEDIA.ociLayer),
  ];
  const image = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers: [layer] };
  const { digest, descriptor } = await putManifest(rig, 'a/src', 'v1', image);
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA.ociIndex,
    manifests: [{ ...descriptor, platform: { os: 'linux', architecture: 'amd64' } }],
  };
  await putManifest(rig, 'a/src', 'all', index as never);
  for (const bytes of ['{"os":"linux"}', 'layer']) await craneBlob(rig, 'b/dst', bytes, 'a/src');
  assert.equal(rig.registry.uploads.count, 0, 'nothing was sent twice');
  await putManifest(rig, 'b/dst', digest, image);
  const copied = await putManifest(rig, 'b/dst', 'all', index as never);
  const got = await rig.call('GET', '/v2/b/dst/manifests/all', { headers: { Accept: ANY } });
  assert.equal(digestOf(await got.text()), copied.digest);
  const { repositories } = (await (await rig.call('GET', '/v2/_catalog?n=1000')).json()) as { repositories: string[] };
  assert.deepEqual(repositories, ['a/src', 'b/dst']);
  assert.equal((await rig.call('DELETE', `/v2/b/dst/manifests/${copied.digest}`)).status, 202);
  assert.equal((await rig.call('GET', '/v2/b/dst/manifests/all')).status, 404);
  assert.equal((await rig.call('GET', `/v2/b/dst/manifests/${digest}`)).status, 200);
});

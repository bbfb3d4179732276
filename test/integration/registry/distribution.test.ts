import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { delay } from '#async';
import { digestOf, MEDIA } from '#oci';
import type { Gate } from '#registry';
import { registryConfig } from '#registry';
import { sendfile } from '#sys';
import { codeOf, pushBlob, pushImage, startRig } from './rig.ts';

test('the root tells that this is a registry', async () => {
  await using rig = await startRig();
  const answer = await rig.call('GET', '/v2/');
  assert.deepEqual([answer.status, await answer.text()], [200, '{}']);
  assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0');
});

test('a blob: pushed whole, read whole, in part and on condition, deleted in one repository only', async () => {
  await using rig = await startRig();
  const { digest } = await pushBlob(rig, 'a/b', '0123456789');
  await pushBlob(rig, 'other', '0123456789');
  const path = `/v2/a/b/blobs/${digest}`;
  const head = await rig.call('HEAD', path);
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '10']);
  assert.equal(head.headers.get('docker-content-digest'), digest);
  const whole = await rig.call('GET', path);
  assert.equal(await whole.text(), '0123456789');
  const ranges: [string, number, string, string | null][] = [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=0-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=0-1,3-4', 200, '0123456789', null],
  ];
  for (const [Range, status, text, range] of ranges) {
    const part = await rig.call('GET', path, { headers: { Range } });
    assert.deepEqual([part.status, await part.text(), part.headers.get('content-range')], [status, text, range], Range);
  }
  const beyond = await rig.call('GET', path, { headers: { Range: 'bytes=10-' } });
  assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, 'bytes */10']);
  const same = await rig.call('GET', path, { headers: { 'If-None-Match': `"${digest}"` } });
  assert.equal(same.status, 304);
  assert.equal((await rig.call('DELETE', path)).status, 202);
  const gone = await rig.call('GET', path);
  assert.deepEqual([gone.status, await codeOf(gone)], [404, 'BLOB_UNKNOWN']);
  assert.equal((await rig.call('GET', `/v2/other/blobs/${digest}`)).status, 200);
});

test('a blob in chunks, its status, and chunks out of order', async () => {
  await using rig = await startRig();
  const begun = await rig.call('POST', '/v2/a/blobs/uploads/');
  assert.deepEqual([begun.status, begun.headers.get('range')], [202, '0-0']);
  const location = begun.headers.get('location')!;
  const first = await rig.call('PATCH', location, { body: '01234', headers: { 'Content-Range': '0-4' } });
  assert.deepEqual([first.status, first.headers.get('range')], [202, '0-4']);
  const again = await rig.call('PATCH', location, { body: '01234', headers: { 'Content-Range': '0-4' } });
  assert.deepEqual([again.status, again.headers.get('range')], [416, '0-4']);
  assert.equal(await codeOf(again), 'RANGE_INVALID');
  const short = await rig.call('PATCH', location, { body: '5', headers: { 'Content-Range': '5-7' } });
  assert.deepEqual([short.status, await codeOf(short)], [400, 'SIZE_INVALID']);
  // The process may end meanwhile.
  await rig.restart();
  const status = await rig.call('GET', location);
  assert.deepEqual([status.status, status.headers.get('range')], [204, '0-4']);
  const digest = digestOf('0123456789');
  const wrongPlace = await rig.call('PUT', `${location.replace('/a/', '/b/')}?digest=${digest}`, { body: '56789' });
  assert.deepEqual([wrongPlace.status, await codeOf(wrongPlace)], [404, 'BLOB_UPLOAD_UNKNOWN']);
  const none = await rig.call('PUT', location, { body: '56789' });
  assert.deepEqual([none.status, await codeOf(none)], [400, 'DIGEST_INVALID']);
  const last = await rig.call('PUT', `${location}?digest=${digest}`, {
    body: '56789',
    headers: { 'Content-Range': '5-9' },
  });
  assert.equal(last.status, 201);
  assert.equal(await (await rig.call('GET', last.headers.get('location')!)).text(), '0123456789');
  assert.equal((await rig.call('GET', location)).status, 404);
});

test('a digest that does not match: nothing is visible and the upload is gone', async () => {
  await using rig = await startRig();
  const digest = digestOf('what was said');
  const answer = await rig.call('POST', `/v2/a/blobs/uploads/?digest=${digest}`, { body: 'what came' });
  assert.deepEqual([answer.status, await codeOf(answer)], [400, 'DIGEST_INVALID']);
  assert.equal((await rig.call('HEAD', `/v2/a/blobs/${digest}`)).status, 404);
  assert.equal((await rig.call('HEAD', `/v2/a/blobs/${digestOf('what came')}`)).status, 404);
  for (const wrong of ['sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e', 'x']) {
    const bad = await rig.call('POST', `/v2/a/blobs/uploads/?digest=${wrong}`, { body: 'x' });
    assert.deepEqual([bad.status, await codeOf(bad)], [400, 'DIGEST_INVALID'], wrong);
  }
});

test('a mount links what the other repository has, and begins an upload where it has it not', async () => {
  await using rig = await startRig();
  const { digest } = await pushBlob(rig, 'from', 'shared');
  const mounted = await rig.call('POST', `/v2/to/blobs/uploads/?mount=${digest}&from=from`);
  assert.deepEqual([mounted.status, mounted.headers.get('location')], [201, `/v2/to/blobs/${digest}`]);
  assert.equal((await rig.call('HEAD', `/v2/to/blobs/${digest}`)).status, 200);
  const other = await rig.call('POST', `/v2/to/blobs/uploads/?mount=${digestOf('else')}&from=from`);
  assert.equal(other.status, 202);
  assert.ok(other.headers.get('location'));
});

test('a manifest: by tag and digest, with its own type, on condition; parts that are missing', async () => {
  await using rig = await startRig();
  const { digest, body, answer } = await pushImage(rig, 'team/app', 'v1');
  assert.equal(answer.headers.get('location'), `/v2/team/app/manifests/${digest}`);
  for (const reference of ['v1', digest]) {
    const found = await rig.call('GET', `/v2/team/app/manifests/${reference}`);
    assert.deepEqual([found.status, await found.text()], [200, body]);
    assert.equal(found.headers.get('content-type'), MEDIA.ociManifest);
    assert.equal(found.headers.get('docker-content-digest'), digest);
  }
  const same = await rig.call('GET', '/v2/team/app/manifests/v1', { headers: { 'If-None-Match': `"${digest}"` } });
  assert.equal(same.status, 304);
  const unknown = await rig.call('GET', '/v2/team/app/manifests/v2');
  assert.deepEqual([unknown.status, await codeOf(unknown)], [404, 'MANIFEST_UNKNOWN']);
  const nowhere = await rig.call('GET', '/v2/nowhere/manifests/v2');
  assert.deepEqual([nowhere.status, await codeOf(nowhere)], [404, 'MANIFEST_UNKNOWN']);
  const elsewhere = await rig.call('PUT', '/v2/elsewhere/manifests/v1', { body });
  assert.deepEqual([elsewhere.status, await codeOf(elsewhere)], [400, 'MANIFEST_BLOB_UNKNOWN']);
  const lie = await rig.call('PUT', `/v2/team/app/manifests/${digestOf('x')}`, { body });
  assert.deepEqual([lie.status, await codeOf(lie)], [400, 'DIGEST_INVALID']);
  await rig.restart();
  assert.equal(await (await rig.call('GET', '/v2/team/app/manifests/v1')).text(), body);
});

test('what is no manifest is refused', async () => {
  await using rig = await startRig();
  const { body } = await pushImage(rig, 'a', 'good');
  const bodies = [
    '',
    '[]',
    'null',
    '{',
    '{"schemaVersion":1,"name":"a"}',
    '{"schemaVersion":2,"mediaType":"text/html"}',
  ];
  const ambiguous = JSON.stringify({ ...JSON.parse(body), manifests: [] });
  for (const bad of [...bodies, ambiguous]) {
    const answer = await rig.call('PUT', '/v2/a/manifests/bad', { body: bad });
    assert.deepEqual([answer.status, await codeOf(answer)], [400, 'MANIFEST_INVALID'], bad);
  }
  const otherType = await rig.call('PUT', '/v2/a/manifests/bad', { body, headers: { 'Content-Type': MEDIA.ociIndex } });
  assert.deepEqual([otherType.status, await codeOf(otherType)], [400, 'MANIFEST_INVALID']);
  assert.equal((await rig.call('GET', '/v2/a/manifests/bad')).status, 404);
});

test('an index of manifests that are here, in the types of OCI and Docker', async () => {
  await using rig = await startRig();
  const { descriptor } = await pushImage(rig, 'a', 'one');
  for (const mediaType of [MEDIA.ociIndex, MEDIA.dockerIndex]) {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [descriptor] });
    const put = await rig.call('PUT', '/v2/a/manifests/all', { body, headers: { 'Content-Type': mediaType } });
    assert.equal(put.status, 201);
    assert.equal((await rig.call('HEAD', '/v2/a/manifests/all')).headers.get('content-type'), mediaType);
  }
  const missing = { ...descriptor, digest: digestOf('x') };
  const body = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [missing] });
  assert.equal(await codeOf(await rig.call('PUT', '/v2/a/manifests/all', { body })), 'MANIFEST_BLOB_UNKNOWN');
});

test('deleting a tag keeps the manifest, deleting the manifest takes its tags', async () => {
  await using rig = await startRig();
  const { digest, body } = await pushImage(rig, 'a', 'one');
  await rig.call('PUT', '/v2/a/manifests/two', { body });
  assert.equal((await rig.call('DELETE', '/v2/a/manifests/one')).status, 202);
  assert.equal((await rig.call('GET', '/v2/a/manifests/one')).status, 404);
  assert.equal((await rig.call('GET', `/v2/a/manifests/${digest}`)).status, 200);
  assert.equal((await rig.call('DELETE', `/v2/a/manifests/${digest}`)).status, 202);
  assert.equal((await rig.call('GET', '/v2/a/manifests/two')).status, 404);
  const again = await rig.call('DELETE', `/v2/a/manifests/${digest}`);
  assert.deepEqual([again.status, await codeOf(again)], [404, 'MANIFEST_UNKNOWN']);
  assert.deepEqual(await (await rig.call('GET', '/v2/a/tags/list')).json(), { name: 'a', tags: [] });
});

test('lists come in pages, each with the link to the next', async () => {
  await using rig = await startRig();
  for (const tag of ['c', 'a', 'd', 'b']) await pushImage(rig, 'x/y', tag);
  await pushImage(rig, 'x', 'latest');
  const seen: string[] = [];
  let next: string | undefined = '/v2/x/y/tags/list?n=3';
  while (next) {
    const page = await rig.call('GET', next);
    seen.push(...((await page.json()) as { tags: string[] }).tags, '|');
    next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
  }
  assert.deepEqual(seen, ['a', 'b', 'c', '|', 'd', '|']);
  const after = await rig.call('GET', '/v2/x/y/tags/list?last=b');
  assert.deepEqual(await after.json(), { name: 'x/y', tags: ['c', 'd'] });
  assert.deepEqual(await (await rig.call('GET', '/v2/x/y/tags/list?n=0')).json(), { name: 'x/y', tags: [] });
  assert.deepEqual(await (await rig.call('GET', '/v2/_catalog')).json(), { repositories: ['x', 'x/y'] });
  for (const n of ['-1', 'x', '1000000000']) {
    const bad = await rig.call('GET', `/v2/_catalog?n=${n}`);
    assert.deepEqual([bad.status, await codeOf(bad)], [400, 'PAGINATION_NUMBER_INVALID'], n);
  }
  const unknown = await rig.call('GET', '/v2/nothing/tags/list');
  assert.deepEqual([unknown.status, await codeOf(unknown)], [404, 'NAME_UNKNOWN']);
});

test('referrers: by subject, by artifact type, also those that were listed under a tag', async () => {
  await using rig = await startRig();
  const { descriptor: subject, digest } = await pushImage(rig, 'a', 'v1');
  const none = await rig.call('GET', `/v2/a/referrers/${digest}`);
  assert.deepEqual([none.status, none.headers.get('content-type')], [200, MEDIA.ociIndex]);
  assert.deepEqual(((await none.json()) as { manifests: [] }).manifests, []);
  const annotations = { by: 'me' };
  const signature = await pushImage(rig, 'a', undefined, {
    subject,
    artifactType: 'application/signature',
    annotations,
  });
  assert.equal(signature.answer.headers.get('oci-subject'), digest);
  const listed = await pushImage(rig, 'a', 'sbom', { artifactType: 'application/sbom' });
  const index = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [listed.descriptor] });
  await rig.call('PUT', `/v2/a/manifests/${digest.replace(':', '-')}`, { body: index });
  const read = async (query = '') => {
    const answer = await rig.call('GET', `/v2/a/referrers/${digest}${query}`);
    const { manifests } = (await answer.json()) as { manifests: { digest: string; annotations?: object }[] };
    return { manifests, filters: answer.headers.get('oci-filters-applied') };
  };
  const all = await read();
  assert.deepEqual(all.manifests.map((each) => each.digest).sort(), [signature.digest, listed.digest].sort());
  const some = await read('?artifactType=application/signature');
  assert.deepEqual([some.manifests.length, some.filters], [1, 'artifactType']);
  assert.deepEqual(some.manifests[0], { ...signature.descriptor, artifactType: 'application/signature', annotations });
  await rig.call('DELETE', `/v2/a/manifests/${signature.digest}`);
  assert.equal((await read()).manifests.length, 1);
});

test('a subject may come after those that refer to it', async () => {
  await using rig = await startRig();
  const subject = { mediaType: MEDIA.ociManifest, digest: digestOf('later'), size: 5 };
  const { digest } = await pushImage(rig, 'a', 'early', { subject });
  const answer = await rig.call('GET', `/v2/a/referrers/${subject.digest}`);
  assert.equal(((await answer.json()) as { manifests: { digest: string }[] }).manifests[0]!.digest, digest);
});

test('names and methods that are none', async () => {
  await using rig = await startRig();
  const cases: [string, string, number, string][] = [
    ['GET', '/v2/UPPER/tags/list', 400, 'NAME_INVALID'],
    ['GET', '/v2/a/../../etc/tags/list', 404, ''],
    ['GET', '/v2/a%2f..%2f..%2fetc/manifests/x', 400, 'NAME_INVALID'],
    ['GET', '/v2/a/manifests/.hidden', 400, 'TAG_INVALID'],
    ['GET', '/v2/_uploads/tags/list', 400, 'NAME_INVALID'],
    ['GET', '/v2/a/blobs/sha256:zz', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/a/blobs/uploads/..%2f..', 404, ''],
    ['GET', '/v2/a/blobs/uploads/xyz', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['POST', '/v2/a/tags/list', 405, 'UNSUPPORTED'],
    ['PUT', '/v2/_catalog', 405, 'UNSUPPORTED'],
  ];
  for (const [method, path, status, code] of cases) {
    const answer = await rig.call(method, path);
    assert.equal(answer.status, status, path);
    if (code) assert.equal(await codeOf(answer), code, path);
  }
});

test('what browsers need: headers of the operator on every answer, and methods without credentials', async () => {
  const { settings } = registryConfig({
    http: { headers: { 'Access-Control-Allow-Origin': ['https://ui'], 'X-Team': ['a', 'b'] } },
  });
  const closed: Gate = { admit: async () => undefined, challenge: () => 'Basic realm="x"' };
  await using rig = await startRig({ settings, gate: closed });
  const asked = await rig.call('OPTIONS', '/v2/a/tags/list');
  assert.deepEqual([asked.status, asked.headers.get('allow')], [200, 'GET']);
  const refused = await rig.call('GET', '/v2/a/tags/list');
  assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [401, 'https://ui']);
  assert.equal(refused.headers.get('x-team'), 'a,b');
  assert.throws(() => registryConfig({ http: { headers: { 'X: y': ['z'] } } }), /http.headers: "X: y" is no header/);
});

test('search finds repositories by parts of their names', async () => {
  await using rig = await startRig();
  for (const name of ['team/web', 'team/db', 'web']) await pushImage(rig, name, 'latest');
  const answer = await rig.call('GET', '/v1/search?q=web&n=10');
  const found = (await answer.json()) as { num_results: number; results: { name: string }[] };
  assert.deepEqual([found.num_results, found.results.map((each) => each.name)], [2, ['team/web', 'web']]);
});

test('a registry that may only be read, and one where nothing can be deleted', async () => {
  await using readOnly = await startRig({ settings: { readOnly: true } });
  const push = await readOnly.call('POST', '/v2/a/blobs/uploads/');
  assert.deepEqual([push.status, await codeOf(push)], [405, 'UNSUPPORTED']);
  await using rig = await startRig({ settings: { delete: false } });
  const { digest } = await pushImage(rig, 'a', 'v1');
  assert.equal((await rig.call('DELETE', `/v2/a/manifests/${digest}`)).status, 405);
});

test('a large blob goes by the kernel, again and again on one connection, also to a slow reader', async () => {
  await using rig = await startRig({ sendFile: sendfile });
  const bytes = randomBytes(20 * 2 ** 20);
  const { digest } = await pushBlob(rig, 'a', bytes);
  const path = `/v2/a/blobs/${digest}`;
  for (let i = 0; i < 3; i++) {
    const whole = Buffer.from(await (await rig.call('GET', path)).arrayBuffer());
    assert.equal(digestOf(whole), digest);
  }
  const part = await rig.call('GET', path, { headers: { Range: 'bytes=1000000-9999999' } });
  assert.equal(digestOf(Buffer.from(await part.arrayBuffer())), digestOf(bytes.subarray(1_000_000, 10_000_000)));
  const slow = await rig.call('GET', path);
  const hash = createHash('sha256');
  for await (const chunk of slow.body!) {
    hash.update(chunk);
    await delay(1);
  }
  assert.equal(`sha256:${hash.digest('hex')}`, digest);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { delay } from '#async';
import { digestOf } from '#oci';
import { unpack } from '../../conformance/clients/debian.ts';
import { pushImage, startRig } from './rig.ts';

const TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** Debian's docker-registry, which is Docker's, on this folder. */
async function startDebians(folder: string) {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  const file = join(folder, 'debian.yml');
  const storage = { filesystem: { rootdirectory: folder }, delete: { enabled: true } };
  writeFileSync(
    file,
    JSON.stringify({ version: 0.1, log: { level: 'error' }, storage, http: { addr: `127.0.0.1:${port}` } }),
  );
  const program = join(unpack('docker-registry', ['docker-registry']), 'usr/bin/docker-registry');
  const child = spawn(program, ['serve', file], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 500 && !(await fetch(`${url}/v2/`).catch(() => undefined))?.ok; i++) await delay(20);
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test("one volume serves our registry and Docker's: each reads what the other wrote, and deletes it", async () => {
  await using rig = await startRig();
  const ours = await pushImage(rig, 'team/ours', 'v1', { mediaType: TYPE });
  await using debians = await startDebians(rig.folder);
  const read = async (base: string, path: string) => {
    const answer = await fetch(`${base}/v2/${path}`, { headers: { Accept: TYPE } });
    return { status: answer.status, text: await answer.text() };
  };
  assert.equal((await read(debians.url, 'team/ours/manifests/v1')).text, ours.body);
  assert.equal((await read(debians.url, `team/ours/blobs/${ours.layer.digest}`)).text, 'layer of v1');
  assert.deepEqual(JSON.parse((await read(debians.url, 'team/ours/tags/list')).text).tags, ['v1']);
  const push = async (text: string) => {
    const begun = await fetch(`${debians.url}/v2/team/theirs/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location')!);
    place.searchParams.set('digest', digestOf(text));
    assert.equal((await fetch(place, { method: 'PUT', body: text })).status, 201);
    return { digest: digestOf(text), size: text.length };
  };
  const config = { ...(await push('{}')), mediaType: 'application/vnd.docker.container.image.v1+json' };
  const layer = { ...(await push('their layer')), mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' };
  const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config, layers: [layer] });
  const place = `${debians.url}/v2/team/theirs/manifests/v1`;
  assert.equal((await fetch(place, { method: 'PUT', body, headers: { 'Content-Type': TYPE } })).status, 201);
  const here = `http://${rig.address}`;
  assert.equal((await read(here, 'team/theirs/manifests/v1')).text, body);
  assert.equal((await read(here, `team/theirs/blobs/${layer.digest}`)).text, 'their layer');
  assert.deepEqual(JSON.parse((await read(here, '_catalog')).text).repositories, ['team/ours', 'team/theirs']);
  await fetch(`${here}/v2/team/theirs/manifests/${digestOf(body)}`, { method: 'DELETE' });
  assert.equal((await read(debians.url, 'team/theirs/manifests/v1')).status, 404);
  await fetch(`${debians.url}/v2/team/ours/manifests/${ours.digest}`, { method: 'DELETE' });
  assert.equal((await read(here, 'team/ours/manifests/v1')).status, 404);
});

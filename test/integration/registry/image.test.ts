import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { delay } from '#async';
import { bundleDaemon } from '../../../tools/bundle/daemon.ts';
import { dockerArchive } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');

let daemon: TestDaemon;
before(async () => {
  // The program of the image is what was built: of these sources.
  await bundleDaemon();
  daemon = await startDaemon();
});
after(() => daemon.destroy());

const execute = promisify(execFile);

async function run(program: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', HOME: daemon.folder, DOCKER_HOST: `unix://${daemon.socket}` };
  return (await execute(program, args, { env, timeout: 120_000 })).stdout.trim();
}
const docker = (...args: string[]) => run('docker', ...args);

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function untilServing(port: number): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    const answer = await fetch(`http://localhost:${port}/v2/`).catch(() => undefined);
    if (answer?.status === 200) return;
    await delay(20);
  }
  throw new Error((await docker('ps', '-a')) + (await docker('logs', 'registry')));
}

test('docker run registry:2, a push to localhost, a pull from there; its volume, settings and garbage collection', async () => {
  assert.equal(await run(GANTRY, 'registry', 'image'), 'registry:2');
  const port = await freePort();
  const start = (...options: string[]) =>
    docker(
      'run',
      '-d',
      '--name',
      'registry',
      '-p',
      `${port}:5000`,
      '-v',
      'kept:/var/lib/registry',
      ...options,
      'registry:2',
    );
  await start();
  await untilServing(port);
  const archive = join(daemon.folder, 'image.tar');
  writeFileSync(archive, dockerArchive(['mine:one']));
  await docker('load', '-i', archive);
  const name = `localhost:${port}/team/app:v1`;
  await docker('tag', 'mine:one', name);
  const pushed = /digest: (sha256:\w+)/.exec(await docker('push', name))?.[1];
  assert.ok(pushed);
  await docker('rmi', name, 'mine:one');
  assert.match(await docker('pull', name), new RegExp(`Digest: ${pushed}`));
  await docker('rm', '-f', 'registry');
  await start('-e', 'REGISTRY_STORAGE_DELETE_ENABLED=false');
  await untilServing(port);
  const remove = () => fetch(`http://localhost:${port}/v2/team/app/manifests/${pushed}`, { method: 'DELETE' });
  assert.equal((await remove()).status, 405);
  await docker('rm', '-f', 'registry');
  await start();
  await untilServing(port);
  assert.equal((await remove()).status, 202);
  const collected = await docker('exec', 'registry', 'registry', 'garbage-collect', '/etc/docker/registry/config.yml');
  assert.match(collected, /^3 blobs and 2 links removed/m);
  assert.deepEqual(await (await fetch(`http://localhost:${port}/v2/_catalog`)).json(), { repositories: ['team/app'] });
  await docker('stop', 'registry');
  assert.equal(await docker('inspect', '-f', '{{.State.ExitCode}}', 'registry'), '0');
});

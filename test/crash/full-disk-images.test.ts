import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { send } from '../conformance/call.ts';
import { api } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import { settled } from '../harness/invariants.ts';
import { layerOf, RegistryDouble } from '../harness/registry.ts';
import { dockerArchive } from './archive.ts';
import { importImage, must } from './scenario.ts';
import { SmallDisk } from './small-disk.ts';

const MB = 1 << 20;
const FULL = /no space left on device/;

/** Takes as much room as is said: it does not shrink. */
const large = (megabytes: number) => layerOf({ large: randomBytes(megabytes * MB) });
/** Packed it has 2 MB, unpacked 42. */
const swelling = () => layerOf({ packed: randomBytes(2 * MB), same: Buffer.alloc(40 * MB, 'x') });

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((wake) => setTimeout(wake, 20));
}

interface Listed {
  readonly Id: string;
  readonly RepoTags: readonly string[];
}

describe('a disk that fills while images come', { timeout: 300_000 }, () => {
  const folder = mkdtempSync('/var/tmp/gantry-test-full-');
  let registry: RegistryDouble;
  let disk: SmallDisk;
  let daemon: TestDaemon;

  before(async () => {
    registry = await RegistryDouble.open();
    disk = SmallDisk.mount(join(folder, 'data'), '160M');
    daemon = await startDaemon({ folder });
    await importImage(daemon);
  });
  afterEach(async () => {
    disk.clear();
    for (const { Id, RepoTags } of await images()) {
      if (!RepoTags.includes('crash:latest')) await must(daemon.socket, 'DELETE', `/images/${Id}?force=1`);
    }
    await must(daemon.socket, 'POST', '/build/prune?all=1');
    await must(daemon.socket, 'POST', '/images/prune');
    // Deleted in the background, it makes room in the next test.
    await until(() => readdirSync(join(daemon.dataRoot, 'snapshots/.trash')).length === 0);
  });
  after(async () => {
    try {
      await daemon.purge();
    } finally {
      disk[Symbol.dispose]();
      await registry[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const images = async () => (await must(daemon.socket, 'GET', '/images/json?all=1')) as Listed[];

  /** The whole answer: what fails later than the first line is its last one. */
  async function post(path: string, body: Buffer = Buffer.alloc(0)): Promise<string> {
    const headers = { 'content-type': 'application/x-tar' };
    const { body: answer } = await send(daemon.socket, { method: 'POST', path, body, headers }, new Map());
    return JSON.stringify(answer);
  }

  const pull = (name: string) => post(`/images/create?fromImage=${registry.host}/${name}&tag=latest`);

  /** Only the base image is listed, nothing of another is left half, and a container is made and runs. */
  async function isUnharmed(): Promise<void> {
    assert.deepEqual(
      (await images()).map(({ RepoTags }) => RepoTags),
      [['crash:latest']],
    );
    for (const path of ['content/ingest', 'content/trash', 'snapshots/.ingest']) {
      assert.deepEqual(readdirSync(join(daemon.dataRoot, path)), [], path);
    }
    assert.deepEqual(await settled(daemon, []), []);
    disk.clear();
    disk.fill(4 * MB);
    const { Id } = (await must(daemon.socket, 'POST', '/containers/create', { Image: 'crash', Cmd: ['true'] })) as {
      Id: string;
    };
    await must(daemon.socket, 'POST', `/containers/${Id}/start`);
    await must(daemon.socket, 'POST', `/containers/${Id}/wait`);
    await must(daemon.socket, 'DELETE', `/containers/${Id}`);
    disk.clear();
  }

  const asked = (digest: string) => registry.asked.filter(({ line }) => line === `GET /v2/big/blobs/${digest}`);

  test('in mid-download: the pull says so, and goes on where it was once there is room', async () => {
    const image = registry.image('big', 'latest', [large(30)]);
    const [digest, bytes] = [...registry.blobs].find(([, blob]) => blob.length > 20 * MB)!;
    disk.fill(12 * MB);
    assert.match(await pull('big'), FULL);
    await isUnharmed();
    assert.match(await pull('big'), /Downloaded newer image/);
    const ranges = asked(digest).map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0));
    assert.equal(ranges.length, 2);
    assert.ok(ranges[1]! > 5 * MB && ranges[1]! < bytes.length, `fetched again from byte ${ranges[1]}`);
    assert.equal((await images()).filter(({ RepoTags }) => RepoTags[0]?.includes('/big:')).length, 1, image.digest);
  });

  test('in mid-unpack: the pull says so, and what was fetched is not fetched again', async () => {
    registry.blobs.clear();
    registry.image('big', 'latest', [swelling()]);
    const digest = [...registry.blobs].find(([, blob]) => blob.length > MB)![0];
    disk.fill(16 * MB);
    assert.match(await pull('big'), FULL);
    await isUnharmed();
    assert.match(await pull('big'), /Downloaded newer image/);
    assert.equal(asked(digest).length, 1);
  });

  for (const [where, room] of [
    ['received', 10],
    ['unpacked', 56],
  ] as const) {
    test(`while an archive is ${where}: load and import say so, and work once there is room`, async () => {
      const layer = swelling();
      const archive = dockerArchive(layer, 'loaded:latest');
      disk.fill(room * MB);
      assert.match(await post('/images/load?quiet=0', archive), FULL);
      await isUnharmed();
      disk.fill(room * MB);
      assert.match(await post('/images/create?fromSrc=-&repo=imported&tag=latest', layer), FULL);
      await isUnharmed();
      assert.match(await post('/images/load?quiet=0', archive), /Loaded image: loaded:latest/);
      await must(daemon.socket, 'DELETE', '/images/loaded:latest');
      assert.match(await post('/images/create?fromSrc=-&repo=imported&tag=latest', layer), /sha256:/);
    });
  }

  test('in a step of a build: it fails, names the cause, and works once there is room', async () => {
    const context = layerOf({
      Dockerfile: 'FROM crash\nRUN dd if=/dev/zero of=/big bs=1M count=24 2>&1\n',
    });
    disk.fill(12 * MB);
    assert.match(await post('/build?t=built', context), /No space left on device.*non-zero code: 1/);
    await isUnharmed();
    assert.match(await post('/build?t=built', context), /Successfully tagged built:latest/);
  });

  test('in a copy of a build: it fails, names the cause, and works once there is room', async () => {
    const context = layerOf({ Dockerfile: 'FROM crash\nCOPY large /\n', large: randomBytes(20 * MB) });
    disk.fill(10 * MB);
    assert.match(await post('/build?t=built', context), FULL);
    await isUnharmed();
    disk.fill(30 * MB);
    assert.match(await post('/build?t=built', context), FULL);
    await isUnharmed();
    assert.match(await post('/build?t=built', context), /Successfully tagged built:latest/);
  });

  test('what the daemon finds when it starts on the full disk is as whole', async () => {
    registry.image('big', 'latest', [large(30)]);
    disk.fill(12 * MB);
    assert.match(await pull('big'), FULL);
    await daemon.stop('SIGKILL');
    await daemon.start();
    await isUnharmed();
    assert.equal((await api(daemon.socket, 'GET', `/images/${registry.host}/big/json`)).status, 404);
  });
});

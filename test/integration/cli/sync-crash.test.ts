import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { importImage } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

/** A daemon that is killed while a client's folder is brought to it builds of the right files when it is back. */
const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');
const folder = mkdtempSync(join(tmpdir(), 'gantry-sync-'));

let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM conformance\nCOPY file /\nCMD cat /file\n');
});
after(async () => {
  await daemon.destroy();
  rmSync(folder, { recursive: true });
});

function gantry(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, DOCKER_HOST: `unix://${daemon.socket}`, HOME: folder };
  return new Promise((end) => {
    execFile(GANTRY, args, { cwd: folder, env, timeout: 120_000 }, (error, out, err) =>
      end({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

for (const name of ['builder.sync.folder', 'builder.sync.forgotten', 'builder.sync.written', 'builder.sync.indexed']) {
  test(`killed at ${name}`, async () => {
    writeFileSync(join(folder, 'file'), `before ${name}\n`);
    await daemon.stop('SIGKILL');
    await daemon.start({ env: { GANTRY_FAILPOINT: name } });
    const { code } = await gantry('build', '-q', '-t', 'synced', '.');
    // The last one is passed when the build has ended.
    assert.equal(code === 0, name === 'builder.sync.indexed');
    await daemon.exited();
    assert.equal(daemon.endedBy(), 'SIGKILL');
    writeFileSync(join(folder, 'file'), `after ${name}\n`);
    await daemon.start();
    const built = await gantry('build', '-q', '-t', 'synced', '.');
    assert.equal(built.code, 0, built.err);
    assert.equal((await gantry('run', '--rm', 'synced')).out, `after ${name}\n`);
    const contexts = join(daemon.dataRoot, 'builder/contexts');
    const left = readdirSync(contexts).flatMap((boot) => readdirSync(join(contexts, boot)));
    assert.deepEqual(
      left.filter((each) => !/^[0-9a-f]{32}-\d+(\.index(\.new)?)?$/.test(each)),
      [],
    );
  });
}

test('what building keeps is shown, and removed', async () => {
  const shown = await gantry('builder', 'du', '--verbose');
  assert.match(shown.out, /^ID +RECLAIMABLE +SIZE +LAST ACCESSED +TYPE/);
  assert.match(shown.out, /source\.local/);
  const pruned = await gantry('builder', 'prune', '-f', '-a');
  assert.equal(pruned.code, 0, pruned.err);
  assert.match(pruned.out, /Total reclaimed space: /);
});

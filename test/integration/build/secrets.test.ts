import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { BuildEngine } from './engine.ts';

let engine: BuildEngine;
before(async () => {
  engine = await BuildEngine.open();
});
after(() => engine[Symbol.asyncDispose]());

const secret = (value: string) => ({ secret: async (id: string) => (id === 'token' ? Buffer.from(value) : undefined) });

/** Files of the engine that hold these bytes. */
function filesWith(text: string): string[] {
  try {
    const found = execFileSync('grep', ['-rlaF', '--', text, engine.folder], { encoding: 'utf8' });
    return found.trim().split('\n');
  } catch {
    return [];
  }
}

const USES_SECRETS = `FROM conformance
RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length && stat -c %a /run/secrets/token
RUN --mount=type=secret,id=token,env=TOKEN test -n "$TOKEN" && test ! -e /run/secrets
RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent
RUN ls -d /run; true
`;

test('secrets reach steps and nothing else: no layer, key, history or row', async () => {
  const value = `secret-${process.pid}-${'x'.repeat(20)}`;
  const { result, heard } = await engine.build(USES_SECRETS, { inputs: secret(value) });
  assert.match(heard.log, /^400\n/);
  // The place for the mount has gone too.
  assert.match(heard.log, /ls: \/run: No such file/);
  assert.deepEqual(filesWith(value), []);
  assert.doesNotMatch(Buffer.from(result.config).toString(), /secret-/);
  const again = await engine.build(USES_SECRETS, { inputs: secret('another one') });
  assert.equal(again.heard.cached.length, 5);
});

test('a secret that is required and absent fails the build', async () => {
  const dockerfile = 'FROM conformance\nRUN --mount=type=secret,id=absent,required=true true\n';
  await assert.rejects(engine.build(dockerfile), /secret absent: not found/);
});

test('a step finds an agent of the client, whose socket goes with the step', async () => {
  const ssh = async () => undefined;
  const dockerfile = `FROM conformance
RUN --mount=type=ssh test -S $SSH_AUTH_SOCK && stat -c %a $SSH_AUTH_SOCK
RUN ls -d /run; true
`;
  const { heard } = await engine.build(dockerfile, { inputs: { ssh, hasSsh: async () => true } });
  assert.match(heard.log, /^600\n/);
  assert.match(heard.log, /ls: \/run: No such file/);
});

test('links of a context and of a stage lead nowhere else', async () => {
  const outside = mkdtempSync('/var/tmp/gantry-test-outside-');
  const folder = mkdtempSync('/var/tmp/gantry-test-context-');
  try {
    writeFileSync(join(outside, 'file'), 'of the host');
    symlinkSync(join(outside, 'file'), join(folder, 'link'));
    symlinkSync('../../../../../../../../../../../../../../../../etc', join(folder, 'up'));
    mkdirSync(join(folder, 'tree'));
    symlinkSync(outside, join(folder, 'tree/out'));
    const context = async () => ({ folder, excludes: [] });
    const build = (line: string) => engine.build(`FROM conformance\n${line}\n`, { inputs: { context } });
    for (const source of ['link', 'up/hostname', 'tree/out/file']) {
      await assert.rejects(build(`COPY ${source} /x`), /not found/, source);
    }
    await assert.rejects(build('RUN --mount=type=bind,source=link,target=/x cat /x'), /link|not found|no such file/i);
    // A link is copied as a link, and one in the image that leads out of it stays in it.
    const { heard } = await build(
      `COPY tree /tree\nRUN readlink /tree/out && ln -s ${outside} /hole\nCOPY tree /hole/new/\nRUN ls ${outside}`,
    );
    assert.equal(heard.log, `${outside}\nnew\n`);
    assert.deepEqual(execFileSync('ls', [outside], { encoding: 'utf8' }), 'file\n');
  } finally {
    for (const path of [outside, folder]) rmSync(path, { recursive: true });
  }
});

test('an abort ends a step at once and leaves nothing', async () => {
  const abort = new AbortController();
  const building = engine.build('FROM conformance\nRUN echo begun; sleep 1000\n', { signal: abort.signal });
  setTimeout(() => abort.abort(new Error('context canceled')), 500);
  await assert.rejects(building, /context canceled/);
  assert.deepEqual(execFileSync('ls', [join(engine.folder, 'data/build/steps')], { encoding: 'utf8' }), '');
  assert.deepEqual(execFileSync('ls', [join(engine.folder, 'run/monitors')], { encoding: 'utf8' }), '');
});

test('builds of the same at the same time do the work of one', async () => {
  const dockerfile = `FROM conformance\nRUN sleep 1; cat /proc/sys/kernel/random/uuid > /uuid # ${process.pid}\n`;
  const built = await Promise.all([1, 2, 3].map(() => engine.build(dockerfile)));
  assert.equal(new Set(built.map(({ result }) => result.imageId)).size, 1);
});

test('a result as an archive of its files', async () => {
  const output = new PassThrough();
  const names: string[] = [];
  output.on('data', (chunk: Buffer) => names.push(chunk.toString('latin1')));
  await engine.build('FROM scratch\nCOPY <<EOF /file\ntext\nEOF\n', {
    request: { exporters: [{ type: 'tar', attributes: new Map() }] },
    inputs: { output: async () => output },
  });
  assert.match(names.join(''), /^file\0.*ustar.*text\n/s);
});
